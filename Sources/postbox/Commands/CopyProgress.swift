import SQLiteStore

/// Prints the progress of a copy: once a second, and at the end.
final class CopyProgress {
    private var next = ContinuousClock.now + .seconds(1)
    private let verb: String

    /// - Parameter verb: what is done with the pages, such as "copied".
    init(_ verb: String) {
        self.verb = verb
    }

    func report(_ progress: ReadOnlyDatabase.Progress) {
        guard ContinuousClock.now >= next || progress.done == progress.total else { return }
        next = .now + .seconds(1)
        let share = progress.total == 0 ? 100 : progress.done * 100 / progress.total
        Report.line("\(share) % \(verb), \(progress.done) of \(progress.total) pages")
    }
}
