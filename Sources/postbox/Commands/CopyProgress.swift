/// Prints the progress of a copy: once a second, and at the end.
final class CopyProgress {
    private var next = ContinuousClock.now + .seconds(1)
    private let verb: String

    /// - Parameter verb: what is done with the pages, such as "copied".
    init(_ verb: String) {
        self.verb = verb
    }

    func report(_ done: Int, of total: Int) {
        guard ContinuousClock.now >= next || done == total else { return }
        next = .now + .seconds(1)
        let share = total == 0 ? 100 : done * 100 / total
        Report.line("\(share) % \(verb), \(done) of \(total) pages")
    }
}
