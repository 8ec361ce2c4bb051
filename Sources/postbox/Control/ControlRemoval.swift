import Messaging
import StoreWork

/// The commands that remove data, or say how long it is kept.
struct ControlRemoval {
    let store: any ServedStore
    /// Called with the number of messages that are removed, after each step of a removal.
    let progress: (Int) -> Void
    /// Whether the server stops, so that the rest must wait for the next run.
    let isStopping: () -> Bool

    /// Carries out a command; blocks.
    ///
    /// - Throws: ``ControlRefusal``.
    func perform(_ command: ControlCommand) throws(ControlRefusal) -> ControlAnswer {
        switch command {
        case .eraseUser(let id, let tenant):
            let user: UserID = try ControlCommand.id(id)
            let namespace = try ControlCommand.tenant(tenant)
            let messages = try ControlCommand.refusing {
                try store.erase(user, tenant: namespace, afterStep: afterStep)
            }
            return .erased(messages: messages)
        case .eraseMessage(let id, let tenant):
            let namespace = try ControlCommand.tenant(tenant)
            guard let message = MessageID(id) else { throw Self.invalid }
            let hadContent = try ControlCommand.refusing { try store.erase(message, tenant: namespace) }
            return .erased(messages: hadContent.map { $0 ? 1 : 0 })
        case .prune(let conversations, let tenant, let before):
            return try prune(conversations, tenant, before)
        case .compact:
            try ControlCommand.refusing { try store.compact() }
            return .done
        case .listRetention:
            let rules = try ControlCommand.refusing { try store.retentions() }
            return .retention(rules: Dictionary(uniqueKeysWithValues: rules.map { ($0.key.text, $0.value.text) }))
        case .setRetention(let rule, let tenant):
            let namespace = try ControlCommand.tenant(tenant)
            let retention = rule.flatMap { Retention($0) }
            guard rule == nil || retention != nil else { throw Self.invalid }
            try ControlCommand.refusing { try store.setRetention(retention, of: namespace) }
            return .done
        case .openConversation, .setUser, .importLines, .finishImport:
            preconditionFailure("\(command.name) removes nothing")
        }
    }

    private func prune(
        _ conversations: [String]?, _ tenant: String?, _ before: String
    ) throws(ControlRefusal) -> ControlAnswer {
        guard let moment = Timestamp(rfc3339: before) else { throw Self.invalid }
        let scope: PruneScope
        if let conversations {
            var ids: [ConversationID] = []
            for id in conversations { ids.append(try ControlCommand.id(id)) }
            scope = .conversations(ids, try ControlCommand.tenant(tenant))
        } else if tenant != nil {
            scope = .tenant(try ControlCommand.tenant(tenant))
        } else {
            scope = .everything
        }
        let summary = try ControlCommand.refusing { try store.prune(scope, before: moment, afterStep: afterStep) }
        return .pruned(removed: summary.removed, emptied: summary.emptied)
    }

    /// Tells how far a removal is, and rests.
    private func afterStep(_ step: RemovalProgress) throws {
        guard !isStopping() else { throw ControlRefusal.stopping }
        progress(step.messages)
        Pause.take(StepPace.rest(after: step.held))
    }

    private static let invalid = ControlRefusal(reason: .badRequest, text: "an id, a time or an age is not valid")
}
