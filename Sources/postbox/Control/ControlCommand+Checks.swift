import Messaging

/// What a server checks in every command.
extension ControlCommand {
    static func tenant(_ text: String?) throws(ControlRefusal) -> TenantID {
        guard let text else { return .none }
        return try id(text)
    }

    static func id<Owner>(_ text: String) throws(ControlRefusal) -> Identifier<Owner> {
        guard let id = Identifier<Owner>(text) else {
            throw ControlRefusal(reason: .badRequest, text: "an id is not valid")
        }
        return id
    }

    /// Runs an operation of the store, and says to a client why it failed.
    static func refusing<Answer>(
        _ work: () throws -> Answer
    ) throws(ControlRefusal) -> Answer {
        do {
            return try work()
        } catch let refusal as ControlRefusal {
            throw refusal
        } catch let error as MessagingError {
            throw ControlRefusal(error)
        } catch {
            throw ControlRefusal(reason: .unavailable, text: "\(error)")
        }
    }
}
