import Messaging

/// Each removal is one request, however many steps the server takes for it. It is the server that rests between them.
extension RemoteOperator: DataRemover {
    func erase(
        _ user: UserID, tenant: TenantID, afterStep: (RemovalProgress) throws -> Void
    ) throws -> Int? {
        let answer = try ask(.eraseUser(id: user.text, tenant: tenant.textOrNil)) {
            try afterStep(RemovalProgress(messages: $0, held: .zero))
        }
        guard case .erased(let messages) = answer else { throw Self.unexpected }
        return messages
    }

    func erase(_ message: MessageID, tenant: TenantID) throws -> Bool? {
        guard case .erased(let messages) = try ask(.eraseMessage(id: message.text, tenant: tenant.textOrNil)) else {
            throw Self.unexpected
        }
        return messages.map { $0 > 0 }
    }

    func prune(
        _ scope: PruneScope, before moment: Timestamp, afterStep: (RemovalProgress) throws -> Void
    ) throws -> PruneSummary {
        let command: ControlCommand =
            switch scope {
            case .everything: .prune(conversations: nil, tenant: nil, before: moment.rfc3339)
            case .tenant(let tenant): .prune(conversations: nil, tenant: tenant.text, before: moment.rfc3339)
            case .conversations(let ids, let tenant):
                .prune(conversations: ids.map(\.text), tenant: tenant.textOrNil, before: moment.rfc3339)
            }
        let answer = try ask(command) { try afterStep(RemovalProgress(messages: $0, held: .zero)) }
        guard case .pruned(let removed, let emptied) = answer else { throw Self.unexpected }
        var summary = PruneSummary()
        (summary.removed, summary.emptied) = (removed, emptied)
        return summary
    }

    func compact() throws {
        guard try ask(.compact) == .done else { throw Self.unexpected }
    }

    func retentions() throws -> [TenantID: Retention] {
        guard case .retention(let rules) = try ask(.listRetention) else { throw Self.unexpected }
        return Dictionary(
            uniqueKeysWithValues: rules.map { (TenantID(trusted: $0.key), Retention($0.value) ?? .forever) })
    }

    func setRetention(_ retention: Retention?, of tenant: TenantID) throws {
        let answer = try ask(.setRetention(rule: retention?.text, tenant: tenant.textOrNil))
        guard answer == .done else { throw Self.unexpected }
    }
}
