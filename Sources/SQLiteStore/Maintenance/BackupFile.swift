import Foundation

/// Recognises backups by their first bytes.
public enum BackupFile {
    /// Whether a file is a backup of a Postbox database, as long as its header says.
    ///
    /// It looks neither at what comes behind the header nor at which database it is of. A database that is in use is no backup. A process
    /// must not ask about a database that it has open: closing the file here removes the locks that SQLite has on it there.
    public static func isComplete(_ path: String) -> Bool {
        // Opening a pipe would wait for another process to write to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        var bytes = [UInt8](repeating: 0, count: DatabaseHeader.length)
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            pread(descriptor, &bytes, bytes.count, 0) == bytes.count,
            case .database(Schema.applicationID, _) = DatabaseHeader(bytes), !DatabaseHeader.needsLog(bytes)
        else { return false }
        return Int(status.st_size) == DatabaseHeader.size(bytes)
    }
}
