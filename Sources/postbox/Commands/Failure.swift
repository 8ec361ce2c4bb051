import Foundation
import SQLiteStore

/// A reason to end with one clear line and an exit code (sysexits(3)).
struct Failure: Error {
    let message: String
    let exitCode: Int32

    /// The command cannot be carried out now.
    static func unavailable(_ message: String) -> Failure { Failure(message: message, exitCode: 69) }

    /// The input data is wrong.
    static func badData(_ message: String) -> Failure { Failure(message: message, exitCode: 65) }

    /// The command line or the environment is wrong.
    static func badUsage(_ message: String) -> Failure { Failure(message: message, exitCode: 64) }

    /// Runs an operation, and turns errors of the database or the disk into a failure.
    static func translating<Answer>(_ work: () throws -> Answer) throws -> Answer {
        do {
            return try work()
        } catch let error as SQLiteStoreError {
            switch error {
            case .damaged: throw badData(error.description)
            case .notAFileName: throw badUsage(error.description)
            default: throw unavailable(error.description)
            }
        } catch let error as CopyError {
            if case .damaged = error { throw badData(error.description) }
            throw unavailable(error.description)
        }
    }
}

/// Progress messages of a command on standard error.
enum Report {
    static func line(_ text: String) {
        FileHandle.standardError.write(Data("postbox: \(text)\n".utf8))
    }
}
