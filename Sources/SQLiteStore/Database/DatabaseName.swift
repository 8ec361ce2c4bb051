import CMounts
import Foundation

/// Rules for names and places of database files: the file that is locked has to be the one that SQLite writes to.
enum DatabaseName {
    /// What SQLite appends to the name of a database for its journal, its log and the index of its log.
    static let logSuffixes = ["-journal", "-wal", "-shm"]

    /// Refuses a name that SQLite takes for something else than a file of that name (https://www.sqlite.org/uri.html, and
    /// https://www.sqlite.org/inmemorydb.html): another file would be locked than is written to.
    ///
    /// - Throws: ``SQLiteStoreError/notAFileName(path:)``.
    static func check(_ path: String) throws(SQLiteStoreError) {
        guard !path.isEmpty, !path.lowercased().hasPrefix("file:"), path != ":memory:" else {
            throw .notAFileName(path: path)
        }
    }

    /// The file itself, where a path is a symbolic link to it: that is where its log is, and what a copy must replace.
    static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Whether an open file is mounted by itself, without the folder around it: each place where it is mounted has another log beside it
    /// then, and no file can be renamed to it. False where the system does not tell.
    static func isMountedAlone(_ descriptor: Int32) -> Bool {
        postbox_is_mount_root(descriptor) == 1
    }

    /// Refuses an open database that is mounted by itself, or whose log is.
    ///
    /// - Throws: ``SQLiteStoreError``.
    static func checkMounts(_ descriptor: Int32, _ path: String) throws(SQLiteStoreError) {
        guard !isMountedAlone(descriptor) else { throw .mountedAlone(path: path) }
        for suffix in logSuffixes {
            let name = resolved(path) + suffix
            let beside = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard beside >= 0 else { continue }
            defer { close(beside) }
            guard !isMountedAlone(beside) else {
                throw .other(path: path, reason: "\(name) is mounted by itself; mount the folder it is in")
            }
        }
    }

    /// Whether an open file has further names (hard links): the log that a crash left may be beside another name.
    static func isHardLinked(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_nlink > 1
    }
}
