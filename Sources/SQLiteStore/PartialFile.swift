import Foundation

/// A file that is written under another name, and takes the place of the one it is for all at once.
///
/// The other name is always the same, so that what a crash left is written over by the next try; a lock keeps two tries at the same
/// time apart.
final class PartialFile {
    /// Where to write.
    let path: String
    private let destination: String
    private let descriptor: Int32

    /// The file itself, where a path is a link to it: what takes its place must not take the link's.
    static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Makes the file, empty.
    ///
    /// - Parameters:
    ///   - destination: whose place it is to take.
    ///   - model: whose permissions it gets, and its owner where this process may give files away.
    ///   - keepsOwner: whether the model's owner is to be the file's.
    init(for destination: String, like model: stat, keepsOwner: Bool) throws(CopyError) {
        self.destination = destination
        path = destination + ".partial"
        descriptor = open(path, O_RDWR | O_CLOEXEC | O_CREAT, model.st_mode & 0o666)
        guard descriptor >= 0 else { throw Self.failure(destination) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .inUse(path: path)
        }
        for suffix in ["-journal", "-wal", "-shm"] { unlink(path + suffix) }
        guard ftruncate(descriptor, 0) == 0, fchmod(descriptor, model.st_mode & 0o666) == 0 else {
            throw Self.failure(destination)
        }
        // Only root may, and only then it matters: the server is another user.
        if keepsOwner { _ = fchown(descriptor, model.st_uid, model.st_gid) }
    }

    deinit {
        close(descriptor)
    }

    /// Brings what was written so far to the disk.
    func sync() throws(CopyError) {
        guard fdatasync(descriptor) == 0 else { throw Self.failure(destination) }
    }

    /// Takes the place of the file it is for; returns once that is on disk. SQLite must have closed it.
    func takePlace() throws(CopyError) {
        guard fsync(descriptor) == 0, rename(path, destination) == 0 else { throw Self.failure(destination) }
        let folder = open(URL(fileURLWithPath: destination).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.failure(destination) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.failure(destination) }
    }

    /// Removes the file.
    func abandon() {
        for suffix in ["", "-journal", "-wal", "-shm"] { unlink(path + suffix) }
    }

    private static func failure(_ destination: String) -> CopyError {
        .notWritten(path: destination, reason: String(cString: strerror(errno)))
    }
}
