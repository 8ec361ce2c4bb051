import Foundation
import Messaging

/// Something that an operator takes away from everybody.
struct Removal: Sendable {
    /// What it is, for the model.
    let fact: NaiveModel.Fact

    /// Removes it from a store that serves, on a thread that may block.
    func run(on server: Server) async throws {
        let remover = try (server.store as? any DataRemover).orViolation("the store cannot remove while it serves")
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try run(on: remover) }) }
        }
    }

    /// Removes it; blocks.
    func run(on remover: any DataRemover) throws {
        switch fact {
        case .pruned(let id, let moment):
            let scope = id.map { PruneScope.conversations([ConversationID(trusted: $0)], .none) } ?? .everything
            _ = try remover.prune(scope, before: Timestamp(milliseconds: moment))
        case .erased(let id, let n):
            let found = try remover.erase(
                MessageID(conversation: ConversationID(trusted: id), n: Int64(n)), tenant: .none)
            try require(found != nil, "there is no message \(id):\(n) to erase")
        case .forgotten(let user):
            _ = try remover.erase(UserID(trusted: user), tenant: .none)
        case .sent, .marked, .named: preconditionFailure("nothing is removed by \(fact)")
        }
    }
}
