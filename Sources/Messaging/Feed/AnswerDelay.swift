/// Answers to writes that are held back until no node answers as if the writes were not there, in the order of their commits.
///
/// Each is given a fixed time after its commit, so that one queue and one timer do for all. It is a value without a clock or a thread.
public struct AnswerDelay<Answer> {
    fileprivate struct Held {
        let due: Int64
        let answer: Answer
    }

    /// How long after its commit an answer is given, in nanoseconds: D of ``FeedClock``.
    public let delay: Int64
    private var held: [Held] = []
    private var first = 0

    /// - Parameter delay: how long after its commit an answer is given, in nanoseconds.
    public init(delay: Int64) {
        self.delay = delay
    }

    /// How many answers are held back.
    public var count: Int { held.count - first }

    /// When the next answer is due, in nanoseconds; nil where none is held back.
    public var nextDue: Int64? { first < held.count ? held[first].due : nil }

    /// Holds an answer back.
    ///
    /// - Parameter moment: a moment after the commit has returned, in nanoseconds; not before those of earlier answers.
    public mutating func hold(_ answer: Answer, committedBy moment: Int64) {
        held.append(Held(due: max(moment + delay, held.last?.due ?? .min), answer: answer))
    }

    /// Takes the answers that are due, in the order of their commits.
    ///
    /// - Parameter now: the present moment, in nanoseconds of the same clock.
    public mutating func takeDue(at now: Int64) -> [Answer] {
        let start = first
        while first < held.count, held[first].due <= now { first += 1 }
        let due = held[start..<first].map(\.answer)
        // Not at each call: that would move all that are held back.
        if first == held.count {
            held = []
            first = 0
        } else if first > held.count / 2 {
            held.removeSubrange(..<first)
            first = 0
        }
        return due
    }

    /// Takes all answers, as where the store closes.
    public mutating func takeAll() -> [Answer] {
        takeDue(at: .max)
    }
}

extension AnswerDelay: Sendable where Answer: Sendable {}
extension AnswerDelay.Held: Sendable where Answer: Sendable {}
