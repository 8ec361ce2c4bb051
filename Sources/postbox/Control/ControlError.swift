/// Why a control socket or a connection to it is of no use; the list is closed.
enum ControlError: Error, Equatable {
    /// The socket cannot be made or reached; the text says why.
    case unreachable(String)
    /// The other side has ended the connection.
    case closed
    /// The other side sent nothing, or took nothing, for too long.
    case silent
    /// A line is longer than it may be.
    case lineTooLong
    /// What came is not what the protocol says; the text says what it is instead.
    case malformed(String)
}

extension ControlError: CustomStringConvertible {
    /// What happened, as the end of a sentence about the connection.
    var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .closed: "the connection ended"
        case .silent: "the other side was silent for too long"
        case .lineTooLong: "a line is longer than \(LineBuffer.longestLine) bytes"
        case .malformed(let reason): reason
        }
    }
}
