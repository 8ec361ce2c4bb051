/// An entry of a ``DeadlineWheel``.
protocol DeadlineWheelEntry: AnyObject {
    var deadline: MonotonicTime { get }
    /// Where the entry is in the wheel, for the wheel alone; nil where it is in none.
    var slot: (index: Int, place: Int)? { get set }
}

/// Entries by their deadlines, in steps of a sixteenth of a second.
///
/// The loop wakes up once a step, however many entries there are. No entry is taken before its deadline. Adding and removing take constant
/// time.
struct DeadlineWheel<Entry: DeadlineWheelEntry> {
    /// The length of a step, in nanoseconds.
    private static var step: Int { 62_500_000 }
    private static var never: MonotonicTime { MonotonicTime(nanoseconds: .max) }

    /// The entries whose deadline is at a step, modulo the number of slots: 64 seconds' worth. Later ones stay for another round.
    private var slots = [[Entry]](repeating: [], count: 1024)
    /// The number of the latest step that was looked at.
    private var latest = 0
    private var count = 0
    /// When to look at the next step; far in the future where there are no entries.
    private(set) var nextStep = Self.never

    /// Adds an entry that is in no wheel.
    mutating func insert(_ entry: Entry, now: MonotonicTime) {
        if count == 0 { advance(to: now.nanoseconds / Self.step) }
        // Rounded up, and never a step that was looked at already.
        let step = max(latest + 1, (entry.deadline.nanoseconds + Self.step - 1) / Self.step)
        let index = step % slots.count
        entry.slot = (index, slots[index].count)
        slots[index].append(entry)
        count += 1
        if count == 1 { advance(to: latest) }
    }

    /// Removes an entry; does nothing where it is in no wheel.
    mutating func remove(_ entry: Entry) {
        guard let (index, place) = entry.slot else { return }
        entry.slot = nil
        let last = slots[index].removeLast()
        if last !== entry {
            slots[index][place] = last
            last.slot = (index, place)
        }
        count -= 1
        if count == 0 { nextStep = Self.never }
    }

    /// Removes and returns the entries whose deadline has passed.
    mutating func takeOverdue(at now: MonotonicTime) -> [Entry] {
        let step = now.nanoseconds / Self.step
        guard step > latest else { return [] }
        var overdue: [Entry] = []
        // Once around is enough.
        for step in max(latest + 1, step - slots.count + 1)...step {
            overdue += slots[step % slots.count].filter { $0.deadline <= now }
        }
        advance(to: step)
        for entry in overdue { remove(entry) }
        return overdue
    }

    private mutating func advance(to step: Int) {
        latest = step
        nextStep = count == 0 ? Self.never : MonotonicTime(nanoseconds: (step + 1) * Self.step)
    }
}
