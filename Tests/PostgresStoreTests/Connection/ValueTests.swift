import TestSupport
import Testing

@testable import PostgresStore

struct ValueTests {
    let database: PostgresDatabase
    let connection: PostgresConnection

    init() throws {
        database = try PostgresDatabase()
        connection = try PostgresConnection(PostgresAddress(database.connection), role: .maintenance)
    }

    @Test("Every kind of value comes back as it was sent, NULL included")
    func values() throws {
        let rows = try connection.run(
            "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9",
            [
                .text("ü \u{1F469} ''"), .int8(.min), .int4(.max), .bool(true), .bytes([0, 255, 10]), .text(nil),
                .int8(nil), .text(""), .bytes([]),
            ], within: .seconds(5))
        #expect(try rows.text(0, 0) == "ü \u{1F469} ''")
        #expect(try rows.int8(0, 1) == .min)
        #expect(try rows.int4(0, 2) == .max)
        #expect(try rows.bool(0, 3) == true)
        #expect(try rows.bytes(0, 4).map(Array.init) == [0, 255, 10])
        #expect(try rows.text(0, 5) == nil)
        #expect(try rows.int8(0, 6) == nil)
        #expect(try rows.text(0, 7) == "")
        #expect(try rows.bytes(0, 8)?.count == 0)
    }

    @Test("Arrays come back as they were sent, empty ones and those with NULL included")
    func arrays() throws {
        let rows = try connection.run(
            "SELECT $1, $2, $3, $4, $5",
            [
                .textArray(["a", nil, ""]), .int8Array([1, -1, .max]), .int4Array([7]), .textArray([]),
                .int8Array([3, nil]),
            ], within: .seconds(5))
        #expect(try rows.textArray(0, 0) == ["a", nil, ""])
        #expect(try rows.int8Array(0, 1) == [1, -1, .max])
        #expect(try rows.int4Array(0, 2) == [7])
        #expect(try rows.textArray(0, 3) == [])
        #expect(throws: PostgresError.malformed("an array of numbers contains NULL")) { try rows.int8Array(0, 4) }
    }

    @Test("A value of another type, or none at all, is an error and no trap")
    func malformed() throws {
        let rows = try connection.run("SELECT 'text', 1::int, ARRAY[[1, 2], [3, 4]], NULL", within: .seconds(5))
        #expect(throws: PostgresError.self) { try rows.int8(0, 0) }
        #expect(throws: PostgresError.self) { try rows.int8(0, 1) }
        #expect(throws: PostgresError.self) { try rows.bool(0, 1) }
        #expect(throws: PostgresError.self) { try rows.int4Array(0, 2) }
        #expect(throws: PostgresError.self) { try rows.int4Array(0, 0) }
        #expect(throws: PostgresError.self) { try rows.requiredText(0, 3) }
        #expect(throws: PostgresError.self) { try rows.text(1, 0) }
        #expect(throws: PostgresError.self) { try rows.text(0, 4) }
    }

    @Test("An array that ends early, wherever that is, is an error and no trap")
    func cutArrays() throws {
        let rows = try connection.run("SELECT ARRAY['ab', 'c']", within: .seconds(5))
        let whole = Array(try rows.requiredBytes(0, 0))
        for length in 0..<whole.count {
            _ = whole[..<length].withUnsafeBytes { bytes in
                #expect(throws: PostgresError.self, "\(length) bytes") {
                    var array = try PostgresArray(bytes)
                    while try array.next() != nil {}
                }
            }
        }
    }
}
