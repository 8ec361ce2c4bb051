import Synchronization

/// The rule by which polls are paced: under load, clients are asked to poll less often, and at last some polls are refused.
///
/// It is told once a second how busy the busiest event loop is, and smooths that over a few seconds. Above ``raisesAbove`` the interval
/// rises by a step, below ``lowersBelow`` it falls by one, and between two steps clients get the time to follow the last one: the interval
/// of that step, at most half a minute. Where the highest interval is not enough, each second one poll more of eight is refused, and one less
/// once the load is back below ``raisesAbove``.
struct PollPacing: Equatable, Sendable {
    /// The intervals that there are, as multiples of the ordinary one.
    static let steps = [1, 2, 4, 6]
    /// The share of busy time above which the interval rises.
    static let raisesAbove = 0.75
    /// The share of busy time below which the interval falls.
    static let lowersBelow = 0.5
    /// The share of busy time above which polls are refused, at the longest interval.
    static let refusesAbove = 0.9
    /// Of how many polls some are refused.
    static let refusalParts = 8
    /// The most of them that are refused: the rest shows when the load is gone.
    static let mostRefused = 7
    /// The longest time between two steps, in seconds.
    private static let longestPause = 30
    /// The weight of the latest second in the smoothed share.
    private static let weight = 0.3

    /// The ordinary interval, in seconds.
    let ordinary: Int
    /// The smoothed share of time that the busiest loop was busy, 0–1.
    private(set) var busy = 0.0
    /// How many polls of ``refusalParts`` are refused.
    private(set) var refused = 0
    private var step = 0
    private var secondsSinceStep = Int.max

    init(ordinary: Int) {
        self.ordinary = ordinary
    }

    /// The interval to ask for now, in seconds.
    var interval: Int { ordinary * Self.steps[step] }

    /// Takes the share of the last second that the busiest loop was busy, 0–1.
    mutating func observe(_ share: Double) {
        busy += Self.weight * (min(max(share, 0), 1) - busy)
        if secondsSinceStep < Int.max { secondsSinceStep += 1 }
        if busy > Self.raisesAbove {
            if step < Self.steps.count - 1 {
                move(by: 1)
            } else if busy > Self.refusesAbove, hasSettled {
                refused = min(refused + 1, Self.mostRefused)
            }
        } else if refused > 0 {
            refused -= 1
        } else if busy < Self.lowersBelow, step > 0 {
            move(by: -1)
        }
    }

    /// Whether clients had the time to follow the last step.
    private var hasSettled: Bool { secondsSinceStep >= min(interval, Self.longestPause) }

    private mutating func move(by steps: Int) {
        guard hasSettled else { return }
        step += steps
        secondsSinceStep = 0
    }
}

/// How polls are paced now; any thread may ask, and one thread says how busy the loops are.
public final class PollPace: Sendable {
    private let pacing: Mutex<PollPacing>
    /// The interval in seconds, and above it how many polls are refused: one number, so that it costs an idle poll one comparison to see
    /// that neither has changed.
    private let word: Atomic<Int>
    private let polls = Atomic<Int>(0)
    private let refusals = Atomic<Int>(0)

    init(ordinary: Int) {
        pacing = Mutex(PollPacing(ordinary: ordinary))
        word = Atomic(ordinary)
    }

    /// How often clients are asked to poll, in seconds.
    public var interval: Int { word.load(ordering: .relaxed) & 0xFFFF_FFFF }

    /// The smoothed share of time that the busiest loop was busy, 0–1.
    public var busy: Double { pacing.withLock { $0.busy } }

    /// How many polls were refused since the start.
    public var refused: Int { refusals.load(ordering: .relaxed) }

    /// Takes the share of the last second that the busiest loop was busy, 0–1.
    public func observe(_ share: Double) {
        let (interval, refused) = pacing.withLock { pacing in
            pacing.observe(share)
            return (pacing.interval, pacing.refused)
        }
        word.store(interval | refused << 32, ordering: .relaxed)
    }

    /// Whether clients are asked to poll at this interval, and no polls are refused.
    func isOrdinary(_ interval: Int) -> Bool { word.load(ordering: .relaxed) == interval }

    /// Refuses some of the polls where the load asks for it.
    ///
    /// - Throws: `overloaded`.
    func admitPoll(_ jitter: Jitter) throws(Problem) {
        let refused = word.load(ordering: .relaxed) >> 32
        guard refused > 0 else { return }
        guard polls.add(1, ordering: .relaxed).oldValue % PollPacing.refusalParts < refused else { return }
        refusals.add(1, ordering: .relaxed)
        throw Problem(
            .overloaded, "Too many polls at the moment; sending still works. Poll again after Retry-After.",
            fields: [.init("Retry-After", String(jitter.seconds(upTo: interval)))])
    }
}

/// Spreads what clients do, so that they do not all come at once.
struct Jitter: Sendable {
    /// Makes unpredictable numbers.
    let random: @Sendable () -> UInt64

    /// A whole number of seconds, from 1 to `most`.
    func seconds(upTo most: Int) -> Int {
        1 + Int(random() % UInt64(max(most, 1)))
    }
}
