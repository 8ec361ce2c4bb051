import Glibc

/// The folder that holds the backups of a server's database.
struct BackupFolder: Sendable {
    /// How far in the future a file may be from, in seconds: another machine's clock is not ours.
    private static let clockDifference = 60

    private let path: String
    /// The database itself, which may be in that folder and must not be opened a second time in this process.
    private let database: FileIdentity?

    /// - Parameter database: the path of the database, which exists.
    init(path: String, database: String) {
        self.path = path
        self.database = FileIdentity(of: database)
    }

    /// When the newest complete backup was written, in seconds since 1970; 0 where there is none, or none that can be read.
    ///
    /// Only files whose names end in `.sqlite` count: a backup that is being made or checked has another name. A file from the future does
    /// not count, because it would hide for a long time that there are no more backups. Reads files, so it is for a thread that may wait.
    ///
    /// - Parameter now: the wall clock, in seconds since 1970.
    func newest(now: Int) -> Int {
        let backups = names().compactMap { name -> (path: String, written: Int)? in
            let file = "\(path)/\(name)"
            var status = stat()
            guard stat(file, &status) == 0, FileIdentity(status) != database,
                status.st_mtim.tv_sec <= now + Self.clockDifference
            else { return nil }
            return (file, status.st_mtim.tv_sec)
        }
        return backups.sorted { $0.written > $1.written }.first { DatabaseOption.isCompleteBackup($0.path) }?.written
            ?? 0
    }

    private func names() -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".sqlite") { names.append(name) }
        }
        return names
    }
}

/// Tells files apart whatever their names are.
private struct FileIdentity: Equatable {
    let device: dev_t
    let inode: ino_t

    init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }

    /// Nil where there is no such file.
    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}
