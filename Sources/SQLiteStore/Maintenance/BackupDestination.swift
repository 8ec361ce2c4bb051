import Foundation

/// The file that a backup replaces, locked so that no server opens it meanwhile.
final class BackupDestination {
    /// The file that is backed up.
    let source: stat
    /// What is there now; nil where nothing is.
    let present: stat?
    private let descriptor: Int32

    /// Refuses to replace anything but an earlier backup or an empty file.
    init(_ path: String, unlike source: String) throws(CopyError) {
        var status = stat()
        guard stat(source, &status) == 0 else {
            throw .notWritten(path: path, reason: String(cString: strerror(errno)))
        }
        self.source = status
        // Opening a pipe would wait for another process to write to it.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw .notWritten(path: path, reason: String(cString: strerror(errno))) }
            present = nil
            return
        }
        guard fstat(descriptor, &status) == 0 else {
            throw .notWritten(path: path, reason: String(cString: strerror(errno)))
        }
        present = status
        do throws(CopyError) {
            guard status.st_dev != self.source.st_dev || status.st_ino != self.source.st_ino else {
                throw .ontoItself(path: path)
            }
            // A device reads as an empty file, and would be gone.
            guard status.st_mode & S_IFMT == S_IFREG else { throw .notReplaceable(path: path) }
            guard !DatabaseName.isMountedAlone(descriptor) else {
                throw .notWritten(path: path, reason: "it is mounted by itself; mount the folder it is in")
            }
            try check(path)
        } catch {
            release()
            throw error
        }
    }

    /// Unlocks the file.
    func release() {
        if descriptor >= 0 { close(descriptor) }
    }

    private func check(_ path: String) throws(CopyError) {
        var bytes = [UInt8](repeating: 0, count: DatabaseHeader.length)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw .notReplaceable(path: path) }
        switch DatabaseHeader(bytes.prefix(count)) {
        case .empty: break
        case .database(Schema.applicationID, _): break
        case .foreign, .database: throw .notReplaceable(path: path)
        }
        // A log beside it would be taken for the new file's.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, access(path + "-wal", F_OK) != 0 else {
            throw .inUse(path: path)
        }
    }
}
