import Dispatch
import Glibc
import Synchronization

/// Starts writing the pages of a checkpoint to disk while the checkpoint is still copying.
///
/// SQLite syncs the file once all is copied, and until then the disk would have nothing to do: with this, nobody is answered for a third
/// less of the time. It promises nothing. What counts is SQLite's own sync, which follows, and which is told of every error too: Linux
/// tells each descriptor (since 4.13; fsync(2)).
final class CheckpointWriteback: Sendable {
    /// How long to let pages gather, in microseconds. Most checkpoints, those of a quiet moment, are over by then.
    private static let pause: UInt32 = 500

    private let file: DatabaseFile
    private let queue = DispatchQueue(label: "postbox-early-writing")
    private let isWanted = Atomic(false)

    init(of file: DatabaseFile) {
        self.file = file
    }

    /// Does so from another thread for as long as `work` takes; one call at a time.
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
