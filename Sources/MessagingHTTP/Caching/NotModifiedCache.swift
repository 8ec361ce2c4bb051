import HTTP
import Messaging
import Synchronization

/// A cache of `304` answers to idle polls: while nothing changes, the same request gets the same response, without parsing the
/// request or writing the response again.
final class NotModifiedCache: Sendable {
    /// A cached answer. It is an object, so that taking it out of the table copies one reference.
    final class Answer: Sendable {
        /// Valid as long as the state that the answer shows is current.
        let invalidationToken: InvalidationToken
        let tag: EntityTag
        let response: Response
        /// When it tells the client to come again, in seconds.
        let pollInterval: Int
        /// The bytes that it takes, about.
        let cost: Int
        /// The bytes of an answer without fields: its objects, its token, the library's response, and its entry in the table.
        static let leastCost = 656
        /// The bytes of a field besides its name and value: the library has a block for the field, the name, and the value.
        private static let fieldCost = 144
        private let caller: Caller
        private let target: [UInt8]
        private let origin: ArraySlice<UInt8>?
        private let coding: AcceptedCoding
        private let isShown: Bool

        fileprivate init(_ response: Response, _ tag: EntityTag, to call: Call, _ invalidationToken: InvalidationToken)
        {
            self.invalidationToken = invalidationToken
            self.tag = tag
            self.response = response
            pollInterval = call.pollInterval
            caller = call.caller
            target = call.request.target
            coding = call.coding
            isShown = call.request.showsNotModified
            // A slice would keep all the fields of the request, its token among them.
            origin = call.request.onlyOrigin.map { Array($0)[...] }
            // Values are there twice, as they are here and as the server prepares them; names are constants here.
            let fields = response.fields.reduce(0) {
                $0 + $1.name.utf8.count + 2 * $1.value.utf8.count + Self.fieldCost
            }
            cost = Self.leastCost + fields + target.count + (origin?.count ?? 0)
        }

        /// Whether this request has the same caller, target and origin, and accepts the same codings.
        fileprivate func isTo(
            _ request: Request, from other: ArraySlice<UInt8>?, of caller: Caller, _ coding: AcceptedCoding
        ) -> Bool {
            guard self.coding == coding, isShown == request.showsNotModified,
                target[...].hasSameBytes(as: request.target[...]), self.caller == caller
            else {
                return false
            }
            guard let origin, let other else { return origin == nil && other == nil }
            return origin.hasSameBytes(as: other)
        }
    }

    /// A hash of everything that an answer depends on besides the state. Two requests can have the same hash, so each answer is
    /// compared with the request.
    private struct Key: Hashable {
        let hashValue: Int

        func hash(into hasher: inout Hasher) {
            hasher.combine(hashValue)
        }
    }

    private struct Table {
        var answers: LeastRecentlyUsed<Key, Answer>
        let mostBytes: Int
        var cost = 0
        var newcomers = 0

        /// Whether the cache takes a new answer of average size.
        mutating func admitsNewAnswer() -> Bool {
            let usual = answers.count == 0 ? 0 : cost / answers.count
            guard cost + usual > mostBytes else { return true }
            newcomers += 1
            return newcomers.isMultiple(of: NotModifiedCache.newAnswersPerSlot)
        }

        mutating func add(_ answer: Answer, for key: Key) {
            guard answer.cost <= mostBytes else { return }
            while cost + answer.cost > mostBytes { dropOldest() }
            cost += answer.cost
            answers.set(key, to: answer)
        }

        mutating func dropOldest() {
            cost -= answers.dropOldest()?.cost ?? 0
        }
    }

    /// Where the cache is full, only one new answer in this many is kept. Where more users poll in turn than it has entries for, each would
    /// evict another's answer before it was used, and no poll would find one.
    private static let newAnswersPerSlot = 16

    private let table: Mutex<Table>

    /// - Parameter mostBytes: the most bytes of all answers, about.
    init(mostBytes: Int) {
        // As many as the bytes allow: the table itself never has to evict one, which would not be subtracted from the cost.
        let capacity = max(1, mostBytes / Answer.leastCost)
        table = Mutex(Table(answers: LeastRecentlyUsed(capacity: capacity), mostBytes: mostBytes))
    }

    /// The bytes that are kept, about.
    var cost: Int { table.withLock { $0.cost } }

    /// The answer that was kept for this request, which accepts these codings; the caller checks whether it is still valid.
    func answer(to request: Request, of caller: Caller, accepting coding: AcceptedCoding = .identity) -> Answer? {
        let origin = request.onlyOrigin
        let key = Self.key(of: request, from: origin, of: caller, coding)
        guard let answer = table.withLock({ $0.answers.value(for: key) }),
            answer.isTo(request, from: origin, of: caller, coding)
        else { return nil }
        return answer
    }

    /// Caches a `304`: it replaces the one before it, or is added where the cache admits it. Answers to requests with preferences are not
    /// cached: they come once a wait.
    ///
    /// - Parameters:
    ///   - tag: the tag of the state, in any form of the body; the answer is for the form that the client holds.
    ///   - invalidationToken: makes the token of the answer; called only where the answer is cached. It must not use this
    ///     cache. Nil means that the answer is no longer current, and it is not cached.
    func keep(_ response: Response, _ tag: EntityTag, to call: Call, invalidationToken: () -> InvalidationToken?) {
        guard !call.request.fields.has(.prefer) else { return }
        let key = Self.key(of: call.request, from: call.request.onlyOrigin, of: call.caller, call.coding)
        let tag = tag.held(by: call) ?? tag
        table.withLock { table in
            var change = 0
            let isNew = !table.answers.update(key) { known in
                guard let invalidationToken = invalidationToken() else { return }
                let answer = Answer(response, tag, to: call, invalidationToken)
                change = answer.cost - known.cost
                known = answer
            }
            table.cost += change
            while table.cost > table.mostBytes { table.dropOldest() }
            guard isNew, table.admitsNewAnswer(), let invalidationToken = invalidationToken() else { return }
            table.add(Answer(response, tag, to: call, invalidationToken), for: key)
        }
    }

    /// The origin is part of the key, or one caller with many origins could slow down all look-ups.
    ///
    /// Only the caller is hashed with a secret. Targets and origins of one caller can be chosen to have the same key; then that caller's
    /// answers replace each other, and no other caller's.
    private static func key(
        of request: Request, from origin: ArraySlice<UInt8>?, of caller: Caller, _ coding: AcceptedCoding
    ) -> Key {
        var hasher = Hasher()
        hasher.combine(caller)
        var sum = request.target.withUnsafeBytes { checksum($0, after: 0) }
        if let origin { sum = origin.withUnsafeBytes { checksum($0, after: sum) } }
        // A client of another kind must not evict this one's answer at every poll.
        hasher.combine(sum &+ coding.number &+ (request.showsNotModified ? 4 : 0))
        return Key(hashValue: hasher.finalize())
    }

    /// A checksum without a secret: a hash with one takes six instructions a byte, and this takes one.
    private static func checksum(_ bytes: UnsafeRawBufferPointer, after start: UInt64) -> UInt64 {
        var sum = start ^ UInt64(truncatingIfNeeded: bytes.count)
        func add(_ word: UInt64) {
            sum = (sum ^ word) &* 0x9E37_79B9_7F4A_7C15
            sum ^= sum >> 32
        }
        let size = MemoryLayout<UInt64>.size
        var offset = 0
        while offset &+ size <= bytes.count {
            add(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset &+= size
        }
        while offset < bytes.count {
            add(UInt64(bytes[offset]))
            offset &+= 1
        }
        return sum
    }
}

extension Request {
    /// The origin of the request. Two `Origin` fields count as none, here as in the answer.
    fileprivate var onlyOrigin: ArraySlice<UInt8>? { fields.count(of: .origin) == 1 ? fields[.origin] : nil }
}
