import Dispatch
import Glibc
import Synchronization

/// Writes the pages of a checkpoint to disk while the checkpoint is still copying.
///
/// The disk would be idle until everything is copied, and then commits would sync the log behind all of it.
final class CheckpointWriteback: Sendable {
    /// How long to let pages gather, in microseconds. Most checkpoints, those of a quiet moment, are over by then.
    private static let pause: UInt32 = 500

    private let file: DatabaseFile
    private let queue = DispatchQueue(label: "postbox-checkpoint-writeback")
    private let isWanted = Atomic(false)
    private let hasFailed = Atomic(false)

    init(of file: DatabaseFile) {
        self.file = file
    }

    /// Runs a checkpoint, one at a time, and returns whether all that it wrote is on disk.
    ///
    /// A sync that fails loses what was to be written: one that succeeds after it says nothing about that (fsync(2)).
    func during(_ checkpoint: () throws -> Void) rethrows -> Bool {
        isWanted.store(true, ordering: .relaxed)
        hasFailed.store(false, ordering: .relaxed)
        queue.async { [self] in
            while true {
                usleep(Self.pause)
                guard isWanted.load(ordering: .relaxed) else { return }
                if !file.sync() { hasFailed.store(true, ordering: .relaxed) }
            }
        }
        do {
            defer {
                isWanted.store(false, ordering: .relaxed)
                queue.sync {}
            }
            try checkpoint()
        }
        return file.sync() && !hasFailed.load(ordering: .relaxed)
    }
}
