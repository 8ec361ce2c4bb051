import Testing

@testable import MicroHTTPServer

@Suite("The wheel of deadlines")
struct DeadlineWheelTests {
    private final class Entry: DeadlineWheelEntry {
        let deadline: MonotonicTime
        var slot: (index: Int, place: Int)?

        init(after seconds: Double) { deadline = start + seconds }
    }

    private static let start = MonotonicTime(nanoseconds: 1_234_567_890_123)

    /// Turns the wheel at each of its steps until the end, and returns when each entry was overdue, in seconds since the start.
    private func turn(_ wheel: inout DeadlineWheel<Entry>, until end: Double) -> [(entry: Entry, seconds: Double)] {
        var overdue: [(Entry, Double)] = []
        while wheel.nextStep <= Self.start + end {
            let now = wheel.nextStep
            let seconds = Double(Self.start.nanoseconds(until: now)) / 1e9
            overdue += wheel.takeOverdue(at: now).map { ($0, seconds) }
        }
        return overdue
    }

    @Test("Every entry is overdue once, not early and at most a sixteenth of a second late, those beyond one round too")
    func punctual() {
        var wheel = DeadlineWheel<Entry>()
        let entries = (0..<2000).map { Entry(after: Double($0 * 7919 % 200_003) / 1000) }
        for entry in entries { wheel.insert(entry, now: Self.start) }
        let overdue = turn(&wheel, until: 300)
        #expect(overdue.count == entries.count)
        for (entry, seconds) in overdue {
            let late = seconds - Double(Self.start.nanoseconds(until: entry.deadline)) / 1e9
            #expect((0...0.0626).contains(late))
            #expect(entry.slot == nil)
        }
        #expect(wheel.nextStep.nanoseconds == .max)
    }

    @Test("A removed entry is never overdue, and removing it does not disturb the others")
    func removed() {
        var wheel = DeadlineWheel<Entry>()
        let entries = (0..<300).map { Entry(after: Double($0 % 3)) }
        for entry in entries { wheel.insert(entry, now: Self.start) }
        for (number, entry) in entries.enumerated() where number % 2 == 0 {
            wheel.remove(entry)
            wheel.remove(entry)
        }
        let overdue = turn(&wheel, until: 10).map { ObjectIdentifier($0.entry) }
        let kept = entries.enumerated().filter { $0.offset % 2 == 1 }.map { ObjectIdentifier($0.element) }
        #expect(Set(overdue) == Set(kept) && overdue.count == kept.count)
    }

    @Test("A wheel that nobody turned for longer than a round misses nothing")
    func late() {
        var wheel = DeadlineWheel<Entry>()
        for number in 0..<100 { wheel.insert(Entry(after: Double(number)), now: Self.start) }
        #expect(wheel.takeOverdue(at: Self.start + 98.5).count == 99)
        #expect(wheel.takeOverdue(at: Self.start + 100).count == 1)
    }

    @Test("A wheel that was empty for long starts from the present")
    func empty() {
        var wheel = DeadlineWheel<Entry>()
        wheel.insert(Entry(after: 1), now: Self.start)
        #expect(wheel.takeOverdue(at: Self.start + 2).count == 1)
        wheel.insert(Entry(after: 1000.5), now: Self.start + 1000)
        let next = Double(Self.start.nanoseconds(until: wheel.nextStep)) / 1e9
        #expect((1000...1000.07).contains(next))
        #expect(wheel.takeOverdue(at: Self.start + 1000.6).count == 1)
    }
}
