/// The rule for which name a user gets where credentials claim several; its size is fixed, however many are claimed.
///
/// The first claim is taken, and so is another one, but at most once a minute. A claim that was replaced is that of an older session
/// and does not come back as long as both are made: sessions with different names would otherwise take turns.
struct NameRecord: Sendable, Equatable {
    /// The action for a claim.
    enum Verdict: Equatable {
        /// Nothing: it is the one taken last.
        case current
        /// Nothing: it was replaced, or there are too many others.
        case outdated
        /// Nothing yet: another one was taken less than a minute ago.
        case early
        /// To be stored.
        case taken
    }

    private struct Claim: Equatable {
        /// No claim; without an optional, which would make the record half as large again.
        static let none = Claim(names: 0, seen: .min, until: .min)

        let names: Int
        var seen: Int32
        var until: Int32

        /// Takes note of it where it is this one; returns whether it was made before and has not ended.
        mutating func isMade(_ names: Int, now: Int32, until: Int32) -> Bool {
            guard self != .none, self.names == names else { return false }
            defer { (seen, self.until) = (now, max(until, self.until)) }
            return self.until > now
        }
    }

    /// The least time between two changes, in seconds.
    static let pause: Int32 = 60
    /// How long a claim counts as made, in seconds, where nothing says how long its session lasts: a hidden page polls once a
    /// minute.
    static let lifetime: Int32 = 600

    private var current = Claim.none
    private var replaced = (Claim.none, Claim.none)
    private var changedAt: Int32?

    /// Whether all is equal.
    static func == (lhs: NameRecord, rhs: NameRecord) -> Bool {
        lhs.current == rhs.current && lhs.replaced == rhs.replaced && lhs.changedAt == rhs.changedAt
    }

    /// Whether a claim is the one taken last.
    func isCurrent(_ names: Int) -> Bool { current.names == names }

    /// Takes note of a claim.
    ///
    /// - Parameters:
    ///   - names: stands for what is claimed.
    ///   - now: seconds of a monotonic clock.
    ///   - until: when the session that makes the claim ends, as far as is known.
    mutating func judge(_ names: Int, now: Int32, until: Int32) -> Verdict {
        if current == .none {
            current = Claim(names: names, seen: now, until: until)
            return .taken
        }
        if current.names == names {
            _ = current.isMade(names, now: now, until: until)
            return .current
        }
        let isReplaced =
            replaced.0.isMade(names, now: now, until: until) || replaced.1.isMade(names, now: now, until: until)
        if isReplaced, current.until > now { return .outdated }
        if let changedAt, now - changedAt < Self.pause { return .early }
        guard keepCurrent(inPlaceOf: names, now: now) else { return .outdated }
        current = Claim(names: names, seen: now, until: until)
        changedAt = now
        return .taken
    }

    /// Moves the current claim to the replaced ones, over the claim that follows it, an empty entry or one unused for a minute. Returns false
    /// if there is none of these.
    private mutating func keepCurrent(inPlaceOf names: Int, now: Int32) -> Bool {
        let isFirst = replaced.0.names == names || (replaced.1.names != names && replaced.0.seen <= replaced.1.seen)
        let old = isFirst ? replaced.0 : replaced.1
        guard old == .none || old.names == names || now - old.seen >= Self.pause else { return false }
        if isFirst { replaced.0 = current } else { replaced.1 = current }
        return true
    }
}
