import Foundation
import Messaging
import Synchronization
import TestSupport

@testable import PostgresStore

let alice = UserID(trusted: "alice")
let bob = UserID(trusted: "bob")
let carol = UserID(trusted: "carol")
let noon = Timestamp(milliseconds: 1_733_050_800_000)

func caller(_ user: UserID, _ tenant: TenantID = .none) -> Caller { Caller(tenant: tenant, user: user) }

/// A draft with defaults for whatever a test does not care about.
func draft(
    _ sender: UserID, to conversation: ConversationReference, _ text: String = "Hello!", key: String? = nil,
    receivers: [UserID] = [], new: String = "new-1"
) throws -> Draft {
    Draft(
        caller: caller(sender), conversation: conversation, content: try MessageContent(text), clientMessageID: key,
        receivers: receivers, opening: .granted, sentAt: noon, newConversationID: ConversationID(trusted: new))
}

extension PostgresStore {
    /// All messages of a conversation, oldest first.
    func allMessages(_ id: ConversationID, as user: UserID = alice) async throws -> [Message] {
        guard let found = try await conversation(.id(id), of: caller(user)), found.lastN > 0 else { return [] }
        return Array(try await messages(in: found, [MessageSlice(1...found.lastN)], limit: 1000))
    }
}

/// Does something that blocks for long on another thread, for the threads of tasks are few; returns what came of it, and how long it
/// took there.
func elsewhere<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async -> (result: Result<Value, any Error>, time: Duration) {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            let start = ContinuousClock.now
            let result = Result { try body() }
            continuation.resume(returning: (result, .now - start))
        }
    }
}

/// Records what a store tells its observer.
final class Recorder: CommitObserver {
    private let state = Mutex<(commits: [Commit], resets: Int)>(([], 0))

    var commits: [Commit] { state.withLock { $0.commits } }

    var resets: Int { state.withLock { $0.resets } }

    func committed(_ commits: [Commit]) { state.withLock { $0.commits += commits } }

    func reset() { state.withLock { $0.resets += 1 } }
}

/// Waits until a condition holds; returns whether it does within some seconds.
@discardableResult
func eventually(within limit: Duration = .seconds(20), _ condition: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(20))
    }
    return try await condition()
}
