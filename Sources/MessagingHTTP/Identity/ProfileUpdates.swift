import Messaging
import Synchronization

/// Stores the names that credentials claim, by the rule of ``NameRecord``; any thread may use it.
public final class ProfileUpdates: Sendable {
    private let records: Mutex<LeastRecentlyUsed<Caller, NameRecord>>
    private let ticks: @Sendable () -> Int64
    private let store: ProfileUpdate

    /// - Parameters:
    ///   - capacity: of how many users to remember what was claimed, in some 80 bytes each.
    ///   - ticks: nanoseconds of a monotonic clock; any thread may call it.
    ///   - store: stores a user's name.
    public init(capacity: Int, ticks: @escaping @Sendable () -> Int64, store: @escaping ProfileUpdate) {
        records = Mutex(LeastRecentlyUsed(capacity: capacity))
        self.ticks = ticks
        self.store = store
    }

    /// Whether the caller's claimed name needs no write now; called on loop threads.
    func isSettled(_ person: Person, of caller: Caller) -> Bool {
        guard person.name != nil || person.company != nil else { return true }
        let (names, now) = (Self.hash(person), seconds)
        return records.withLock { records in
            guard var record = records.value(for: caller) else { return false }
            guard record.judge(names, now: now, until: now + NameRecord.lifetime) != .taken else { return false }
            records.update(caller) { $0 = record }
            return true
        }
    }

    /// Stores what is claimed for a caller if it is to be stored.
    ///
    /// - Parameter lasting: how long the session that claims it lasts, in seconds; more than a day counts as a day.
    /// - Returns: whether the same claim need not be made again: it is on disk, or outdated.
    func settle(_ person: Person, of caller: Caller, lasting: Int64 = Int64(NameRecord.lifetime)) async -> Bool {
        let (names, now) = (Self.hash(person), seconds)
        let until = now + Int32(max(0, min(lasting, 86_400)))
        // Taken before it is stored, or all that come meanwhile would be stored, too.
        let (before, verdict) = records.withLock { records in
            records.use(caller, orSet: NameRecord()) { record in
                let before = record
                return (before, record.judge(names, now: now, until: until))
            }
        }
        guard verdict == .taken else { return verdict != .early }
        if await store(person, caller.tenant) { return true }
        records.withLock { records in
            _ = records.update(caller) { if $0.isCurrent(names) { $0 = before } }
        }
        return false
    }

    /// Enough for 68 years.
    private var seconds: Int32 { Int32(truncatingIfNeeded: ticks() / 1_000_000_000) }

    /// Differs between any two names, canonically equivalent ones too, and between processes.
    private static func hash(_ person: Person) -> Int {
        var hasher = Hasher()
        for text in [person.name, person.company] {
            hasher.combine(text == nil)
            var text = text ?? ""
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            hasher.combine(0xFF as UInt8)
        }
        return hasher.finalize()
    }
}

/// Stores a user's name as their credentials claim it; returns whether it is on disk.
///
/// Where it is not, the request goes on all the same, and the next one tries again.
public typealias ProfileUpdate = @Sendable (Person, TenantID) async -> Bool
