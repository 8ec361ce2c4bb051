/// What the first 100 bytes of a file say about it (https://www.sqlite.org/fileformat2.html#the_database_header).
///
/// SQLite itself is not asked: opening a file with it may already change what is on disk.
enum DatabaseHeader: Equatable {
    /// There is nothing in the file yet.
    case empty
    /// It is no SQLite database.
    case foreign
    /// It is one.
    case database(applicationID: UInt32, schemaVersion: UInt32)

    static let length = 100

    /// Whether a database with this header has a write-ahead log while it is in use.
    static func needsLog(_ bytes: [UInt8]) -> Bool { bytes.count >= length && bytes[19] == 2 }

    /// The size of a database with this header, in bytes: its pages times their size (https://sqlite.org/fileformat.html#the_database_header).
    static func size(_ bytes: [UInt8]) -> Int {
        guard bytes.count >= length else { return 0 }
        return bytes[28..<32].reduce(0) { $0 << 8 | Int($1) } * pageSize(bytes)
    }

    /// The size of a page of a database with this header, in bytes.
    static func pageSize(_ bytes: [UInt8]) -> Int {
        guard bytes.count >= length else { return 0 }
        let size = Int(bytes[16]) << 8 | Int(bytes[17])
        // 65,536 does not fit into two bytes.
        return size == 1 ? 65_536 : size
    }

    init(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard !bytes.isEmpty else {
            self = .empty
            return
        }
        guard bytes.count >= Self.length, bytes.starts(with: Array("SQLite format 3\0".utf8)) else {
            self = .foreign
            return
        }
        func bigEndian(at offset: Int) -> UInt32 {
            bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        self = .database(applicationID: bigEndian(at: 68), schemaVersion: bigEndian(at: 60))
    }
}
