import GRDB
import GRDBSQLite
import Glibc
import Messaging
import StoreWork

extension StoreFailure {
    /// Makes a failure of an error.
    ///
    /// - Parameter systemError: `errno` of the latest failed call, where SQLite has it; used only where SQLite's own code says nothing
    ///   but that a call failed.
    init(_ error: any Error, systemError: Int32 = 0) {
        switch error {
        case let failure as StoreFailure: self = failure
        case let error as DatabaseError:
            self.init(Self.fault(error.resultCode, systemError), String(describing: error))
        default: self.init(.other, String(describing: error))
        }
    }

    /// Makes a failure of an error, with `errno` of the connection that it happened on.
    init(_ error: any Error, on db: Database) {
        let isCall = (error as? DatabaseError)?.resultCode == .SQLITE_IOERR
        self.init(error, systemError: isCall ? Self.systemError(on: db) : 0)
    }

    /// `errno` of the last failure on the write-ahead log, where a commit fails, or else on the database file.
    ///
    /// `sqlite3_system_errno(3)` does not tell when it was the commit that failed.
    private static func systemError(on db: Database) -> Int32 {
        var (found, log): (Int32, UnsafeMutablePointer<sqlite3_file>?) = (0, nil)
        sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log)
        if let log, let methods = log.pointee.pMethods {
            _ = methods.pointee.xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &found)
        }
        if found == 0 { sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_LAST_ERRNO, &found) }
        return found
    }

    private static func fault(_ code: ResultCode, _ systemError: Int32) -> StoreFault {
        switch code {
        case .SQLITE_FULL: .diskFull
        case .SQLITE_READONLY, .SQLITE_PERM: .readOnly
        case .SQLITE_IOERR, .SQLITE_CANTOPEN:
            switch systemError {
            case ENOSPC, EDQUOT: .diskFull
            case EROFS, EPERM, EACCES: .readOnly
            default: .ioError
            }
        // SQLite calls a database malformed also where the disk fails to read it (SQLITE_IOERR_CORRUPTFS). SQLITE_ERROR means a
        // missing table: our statements are right as long as the schema is.
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_SCHEMA: .damaged
        case .SQLITE_BUSY, .SQLITE_LOCKED: .locked
        default: .other
        }
    }
}
