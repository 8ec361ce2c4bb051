import Foundation

/// A file that is written under a temporary name, and then renamed to the file that it replaces.
///
/// The temporary name is always the same, so that the next attempt removes what a crash left; a lock keeps two attempts at the same time
/// apart. Only a regular file of that name is removed, and no link is followed: other users may be able to make files in that folder.
final class PartialFile {
    /// The permissions of a new file, before the umask: others may never read it.
    static let newMode: mode_t = 0o640

    /// Where to write.
    let path: String
    private let destination: String
    private let descriptor: Int32

    /// Refuses to replace what another user may have put in this place: a link, or a file whose owner and permissions the new one would
    /// get. The rule is the kernel's own for opening files and links in such folders (protected_symlinks and protected_regular in proc(5)),
    /// but the kernel applies it only where a file is opened, and this program resolves links before that.
    static func checkOwner(of destination: String) throws(CopyError) {
        let folder = URL(fileURLWithPath: destination).deletingLastPathComponent().path
        var (place, around) = (stat(), stat())
        guard lstat(destination, &place) == 0, stat(folder, &around) == 0 else { return }
        guard around.st_mode & S_IWOTH != 0, ![geteuid(), around.st_uid].contains(place.st_uid) else { return }
        throw .notWritten(
            path: destination, reason: "another user put it into a folder that everybody can write to; remove it")
    }

    /// Makes the file, empty.
    ///
    /// - Parameters:
    ///   - destination: whose place it is to take.
    ///   - model: whose permissions it gets, and its owner where this process may give files away.
    ///   - isNew: whether there is no file to replace: then the permissions are at most ``newMode`` less the umask.
    ///   - keepsOwner: whether the model's owner is to be the file's.
    init(for destination: String, like model: stat, isNew: Bool, keepsOwner: Bool) throws(CopyError) {
        self.destination = destination
        path = destination + ".partial"
        descriptor = try Self.create(path, mode: model.st_mode & Self.newMode)
        if !isNew, fchmod(descriptor, model.st_mode & 0o666) != 0 { throw Self.failure(path) }
        // Only root may, and only then it matters: the server is another user.
        if keepsOwner { _ = fchown(descriptor, model.st_uid, model.st_gid) }
        do throws(CopyError) {
            try Self.removeLog(of: path)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Removes what SQLite would take for the journal or the log of the database at this path.
    static func removeLog(of path: String) throws(CopyError) {
        for suffix in DatabaseName.logSuffixes where unlink(path + suffix) != 0 && errno != ENOENT {
            throw failure(path + suffix)
        }
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
        guard Self.isInPlace(descriptor, path) else { throw .inUse(path: path) }
        guard fsync(descriptor) == 0, rename(path, destination) == 0 else { throw Self.failure(destination) }
        let folder = open(URL(fileURLWithPath: destination).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.failure(destination) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.failure(destination) }
    }

    /// Removes the file.
    func abandon() {
        for suffix in [""] + DatabaseName.logSuffixes { unlink(path + suffix) }
    }

    /// Makes and locks the file, after removing the one that a crash left.
    ///
    /// The old one stays locked until the new one is locked, so that another attempt finds one of them in use at any time.
    private static func create(_ path: String, mode: mode_t) throws(CopyError) -> Int32 {
        let stale = try removeStale(path)
        defer { if let stale { close(stale) } }
        let descriptor = open(path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw errno == EEXIST ? .inUse(path: path) : failure(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isInPlace(descriptor, path) else {
            close(descriptor)
            throw .inUse(path: path)
        }
        return descriptor
    }

    /// Removes a regular file that no other process has locked, and returns it open and locked; nil where there is none.
    private static func removeStale(_ path: String) throws(CopyError) -> Int32? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw failure(path) }
            return nil
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .notWritten(path: path, reason: "something is there that is no ordinary file; remove it")
        }
        let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isInPlace(descriptor, path) else {
            close(descriptor)
            throw .inUse(path: path)
        }
        guard unlink(path) == 0 else {
            defer { close(descriptor) }
            throw failure(path)
        }
        return descriptor
    }

    /// Whether an open file still has this name.
    private static func isInPlace(_ descriptor: Int32, _ path: String) -> Bool {
        var (opened, named) = (stat(), stat())
        guard fstat(descriptor, &opened) == 0, lstat(path, &named) == 0 else { return false }
        return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino
    }

    private static func failure(_ path: String) -> CopyError {
        .notWritten(path: path, reason: String(cString: strerror(errno)))
    }
}
