import Logging
import Synchronization

/// From which level on events are logged; changed while running, read by any thread.
final class LogLevels: Sendable {
    private static let all = Logger.Level.allCases

    private let usual: Logger.Level
    private let place: Atomic<Int>

    /// Begins with the usual level.
    init(usual: Logger.Level) {
        self.usual = usual
        place = Atomic(Self.place(of: usual))
    }

    /// The present level.
    var level: Logger.Level { Self.all[place.load(ordering: .relaxed)] }

    /// Turns debug on or, where it is on, goes back to the usual level; where that is no higher than debug, to info and back.
    func toggle() {
        let other = usual <= .debug ? Logger.Level.info : .debug
        place.store(Self.place(of: level == usual ? other : usual), ordering: .relaxed)
    }

    private static func place(of level: Logger.Level) -> Int {
        // The list holds every level there is.
        all.firstIndex(of: level) ?? 0
    }
}
