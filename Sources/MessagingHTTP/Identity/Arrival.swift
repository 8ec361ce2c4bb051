import Messaging

/// Somebody who has said who they are, and is not let in yet.
public struct Arrival: Sendable {
    /// Who it is.
    let caller: Caller
    /// Stores how they are called where that is news; for those who are let in.
    let introduce: (@Sendable () async -> Void)?

    /// Puts an arrival together.
    init(_ caller: Caller, introduce: (@Sendable () async -> Void)? = nil) {
        self.caller = caller
        self.introduce = introduce
    }
}
