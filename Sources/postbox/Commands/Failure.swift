import Foundation
import Messaging

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

    /// Why an operation of a store failed, for the operator.
    static func reason(of error: any Error) -> String { (error as? MessagingError)?.reason ?? "\(error)" }
}

extension MessagingError {
    /// Why the store refused, in the words of its own where it has some, for the operator.
    var reason: String {
        switch self {
        case .invalidMessage(let sentence): sentence
        case .storeUnavailable(let cause): cause
        case .overloaded: "too many requests are waiting"
        default: "\(self)"
        }
    }
}

/// Progress messages of a command on standard error.
enum Report {
    static func line(_ text: String) {
        FileHandle.standardError.write(Data("postbox: \(text)\n".utf8))
    }
}
