import CMounts
import Foundation

/// The names and places of database files that mean the same to the system, to our lock and to SQLite.
enum DatabaseName {
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

    /// Whether an open file is mounted by itself, without the folder around it: what lies beside it is another file then for each
    /// process that sees it in another place, and nothing can take its name. False where the kernel cannot tell.
    static func isMountedAlone(_ descriptor: Int32) -> Bool {
        postbox_is_mount_root(descriptor) == 1
    }
}
