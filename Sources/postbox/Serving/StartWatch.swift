import Foundation
import Glibc
import Logging
import Synchronization

/// Watches a start while the database is opened, which may have to wait for a standby, for a migration or for the server.
///
/// A thread of its own, because the one that opens blocks: it ends the process at SIGTERM and SIGINT, and says so where it takes long.
final class StartWatch: Sendable {
    /// After how many seconds a start is said to take long.
    private static let patience = 5

    private let hasEnded = Atomic<Bool>(false)

    /// Begins. The signals are blocked in all threads (``Signals/block()``).
    init(_ logger: Logger) {
        let thread = Thread { [self] in watch(logger) }
        thread.name = "postbox-start"
        thread.start()
    }

    /// The database is open: signals are left to others from here on.
    func end() { hasEnded.store(true, ordering: .sequentiallyConsistent) }

    private func watch(_ logger: Logger) {
        for second in 1... {
            let isStop = Signals.isStopped(within: .seconds(1))
            guard !hasEnded.load(ordering: .sequentiallyConsistent) else {
                // It was for the supervisor.
                if isStop { kill(getpid(), SIGTERM) }
                return
            }
            if isStop {
                // Nothing is held that the end of the process would not release, as after a crash.
                _exit(0)
            }
            if second == Self.patience {
                logger.warning(
                    "the database is not open yet: its server, a standby that has to confirm, or another process is waited for"
                )
            }
        }
    }
}
