import Messaging

/// Somebody who has said who they are, and is not let in yet.
package struct IdentifiedCaller: Sendable {
    /// Who it is.
    let caller: Caller
    /// Stores how they are called where that is news; for those who are let in.
    let updateProfile: (@Sendable () async -> Void)?

    init(_ caller: Caller, updateProfile: (@Sendable () async -> Void)? = nil) {
        self.caller = caller
        self.updateProfile = updateProfile
    }
}
