import HTTP
import Messaging
import Synchronization

/// Counts the bytes of unsent answers, in all and for each caller, and limits them.
///
/// A caller may have a sixteenth of the limit. A caller who holds no other answer may exceed that share, and a server that holds none
/// may exceed the limit: otherwise some answers could never be sent.
public final class AnswerMemory: Sendable {
    /// The share of one answer; returned when it is no longer referenced, that is, when the answer is sent or its connection closed.
    final class Share: Sendable {
        private let memory: AnswerMemory
        private let caller: Caller
        private let bytes: Atomic<Int>

        fileprivate init(_ bytes: Int, of memory: AnswerMemory, for caller: Caller) {
            self.memory = memory
            self.caller = caller
            self.bytes = Atomic(bytes)
        }

        deinit { memory.giveBack(bytes.load(ordering: .relaxed), of: caller) }

        /// Returns what the answer does not need once it is compressed.
        func shrink(to size: Int) {
            let before = bytes.exchange(min(size, bytes.load(ordering: .relaxed)), ordering: .relaxed)
            memory.giveBack(before - min(size, before), of: caller)
        }
    }

    private struct State {
        var held = 0
        var peak = 0
        var callers: [Caller: Int] = [:]
    }

    /// The part of it that one caller may have.
    private static let callers = 16

    /// The most bytes in all.
    public let limit: Int
    private let refusals = Atomic<Int>(0)
    private let state = Mutex(State())

    /// - Parameter limit: the most bytes in all.
    public init(limit: Int) {
        self.limit = limit
    }

    /// How often an answer was refused since the start.
    public var refused: Int { refusals.load(ordering: .relaxed) }

    /// The most bytes of one caller.
    public var limitOfEach: Int { limit / Self.callers }

    /// How many bytes are held.
    public var held: Int { state.withLock { $0.held } }

    /// The most bytes that were held since the last call.
    public func takePeak() -> Int {
        state.withLock { state in
            defer { state.peak = state.held }
            return state.peak
        }
    }

    /// Reserves the bytes of an answer.
    ///
    /// - Throws: `overloaded` where that is more than is left.
    func take(_ bytes: Int, for caller: Caller) throws(Problem) -> Share {
        let isTaken = state.withLock { state in
            guard fits(bytes, for: caller, state) else { return false }
            state.held += bytes
            state.peak = max(state.peak, state.held)
            state.callers[caller, default: 0] += bytes
            return true
        }
        guard isTaken else { throw refusal() }
        return Share(bytes, of: self, for: caller)
    }

    /// Checks whether the smallest answer would be too much.
    ///
    /// - Throws: `overloaded` where it would.
    func check(for caller: Caller) throws(Problem) {
        guard state.withLock({ fits(1, for: caller, $0) }) else { throw refusal() }
    }

    private func fits(_ bytes: Int, for caller: Caller, _ state: borrowing State) -> Bool {
        let own = state.callers[caller] ?? 0
        return (own == 0 || own + bytes <= limitOfEach) && (state.held == 0 || state.held + bytes <= limit)
    }

    private func giveBack(_ bytes: Int, of caller: Caller) {
        state.withLock { state in
            state.held -= bytes
            let left = (state.callers[caller] ?? 0) - bytes
            state.callers[caller] = left > 0 ? left : nil
        }
    }

    private func refusal() -> Problem {
        refusals.add(1, ordering: .relaxed)
        return Problem(
            .overloaded, "Too many answers wait to be read; nothing was stored. Read them, and try again shortly.",
            fields: [Response.Field("Retry-After", "5")])
    }
}
