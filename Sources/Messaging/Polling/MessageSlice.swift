/// Consecutive message numbers of one conversation, all of them or only one side's.
package struct MessageSlice: Equatable, Sendable {
    /// Whose messages a slice takes.
    package enum Authorship: Equatable, Sendable {
        /// Everybody's.
        case anybody
        /// Only this user's.
        case only(UserID)
        /// Everybody's but this user's.
        case except(UserID)
    }

    /// The numbers it covers.
    package let numbers: ClosedRange<Int64>
    /// Whose messages.
    package let authorship: Authorship

    package init(_ numbers: ClosedRange<Int64>, _ authorship: Authorship = .anybody) {
        self.numbers = numbers
        self.authorship = authorship
    }

    /// Whether it takes this message.
    package func contains(_ message: Message) -> Bool {
        guard numbers.contains(message.n) else { return false }
        return switch authorship {
        case .anybody: true
        case .only(let user): message.sender == user
        case .except(let user): message.sender != user
        }
    }

    /// Whether it takes this message.
    func contains(_ message: PackedMessage) -> Bool {
        guard numbers.contains(message.n) else { return false }
        return switch authorship {
        case .anybody: true
        case .only(let user): user.text.hasSameBytes(as: message.sender)
        case .except(let user): !user.text.hasSameBytes(as: message.sender)
        }
    }
}
