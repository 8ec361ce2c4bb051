import Messaging
import TestSupport
import Testing

@testable import PostgresStore

struct AddressTests {
    @Test(
        "An address that cannot be read is refused without a word of its password",
        arguments: [
            "postgres://alice:s3cret%zz@host/db", "postgres://alice:s3cret@[host/db",
            "postgres://alice:s3cret@host:/db?x=s3cret", "host=a s3cret", "password=s3cret nonsense",
            "password='s3cret", "postgres://a:s3cret@h/db?sslmode", "s3cret=1",
            "postgres://a:s3cret/x@h/db", "postgres://a:s3@cret@h/db", "postgresql://a:s3cret#x@h/db",
            "postgres://a:s3cret?x@h/db",
        ])
    func bad(text: String) throws {
        do throws(PostgresError) {
            _ = try PostgresAddress(text)
            Issue.record("it was accepted")
        } catch {
            guard case .badAddress(let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!reason.isEmpty)
            #expect(!error.description.contains("s3cret"))
        }
    }

    @Test("An address is shown without user and password")
    func shown() throws {
        let address = try PostgresAddress("postgres://alice:s3cret@db.example:6432/mail?sslmode=require")
        #expect(address.description == "mail at db.example:6432")
        #expect(try PostgresAddress("").description == "PostgreSQL")
        #expect(address.redacted("it said s3cret twice: s3cret") == "it said … twice: …")
    }

    @Test("A server that is not there is unreachable, without a word of the password")
    func unreachable() throws {
        let address = try PostgresAddress("host=/nowhere/at/all user=alice password=s3cret dbname=mail")
        do throws(PostgresError) {
            _ = try PostgresConnection(address, role: .reader)
            Issue.record("it connected")
        } catch {
            #expect(error.fault == .unreachable)
            #expect(!error.description.contains("s3cret"))
        }
    }

    @Test("A database in another encoding is refused")
    func encoding() throws {
        let server = try PostgresServer.shared.get()
        try server.run("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        defer { _ = try? server.run("DROP DATABASE latin") }
        #expect(throws: PostgresError.wrongEncoding("LATIN1")) {
            try PostgresConnection(
                PostgresAddress("host=\(server.socketFolder) user=postbox dbname=latin"), role: .reader)
        }
    }

    @Test("A role whose transactions are read-only is refused")
    func readOnly() throws {
        let database = try PostgresDatabase()
        try database.run("ALTER ROLE postbox IN DATABASE \(database.name) SET default_transaction_read_only = on")
        #expect(throws: PostgresError.readOnlyServer) {
            try PostgresConnection(PostgresAddress(database.connection), role: .writer)
        }
    }

    @Test(
        "SQLSTATE codes are faults",
        arguments: [
            ("08006", StoreFault.unreachable), ("57P01", .unreachable), ("57P03", .unreachable), ("25006", .readOnly),
            ("53100", .diskFull), ("53300", .tooManyConnections), ("55P03", .locked), ("57014", .stalled),
            ("58030", .ioError), ("XX001", .damaged), ("42P01", .damaged), ("PB001", .behind), ("PB002", .behind),
            ("23505", .other),
        ])
    func faults(sqlState: String, fault: StoreFault) {
        #expect(PostgresError.refused(sqlState: sqlState, message: "").fault == fault)
    }
}
