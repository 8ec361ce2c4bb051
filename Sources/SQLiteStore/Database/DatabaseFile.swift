import Foundation
import StoreWork
import Synchronization

/// The database file, locked for this process from before SQLite opens it until after SQLite has closed it.
///
/// The hold is a `flock` on the file itself. It needs a descriptor of its own, and closing any descriptor of a file drops the
/// POSIX locks that SQLite has on it in this process. So that one is closed last, and a file that this process
/// holds already is refused without a second one.
final class DatabaseFile: Sendable {
    /// The purpose of the lock.
    enum Purpose {
        /// To be opened; it is made where there is none.
        case opening
        /// To be opened, where it exists.
        case openingExisting
        /// To be replaced by another file, whatever is in it; until then an empty one is made where there is none.
        case replacing
    }

    private struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private static let held = Mutex<Set<Identity>>([])

    let path: String
    /// The file itself, where ``path`` is a symbolic link.
    let realPath: String
    /// Whether there was no file before.
    let isNew: Bool
    private let identity: Identity
    private let descriptor: Mutex<Int32?>
    private let log = Mutex<Identity?>(nil)

    /// Locks the file, and creates an empty one where there is none; refuses what is not ours without changing anything.
    init(path: String, for purpose: Purpose = .opening) throws(SQLiteStoreError) {
        try DatabaseName.check(path)
        try Self.checkFolder(of: DatabaseName.resolved(path))
        self.path = path
        let hold = try Self.held.withLock { held throws(SQLiteStoreError) in
            let hold = try Self.takeHold(of: path, unlessAmong: held, for: purpose)
            held.insert(hold.identity)
            return hold
        }
        realPath = DatabaseName.resolved(path)
        identity = hold.identity
        isNew = hold.isNew
        descriptor = Mutex(hold.descriptor)
    }

    /// Remembers the identity of the write-ahead log, which SQLite keeps open from its first use until it closes the database.
    func rememberLog() {
        let identity = Self.identity(ofFileAt: realPath + "-wal")
        log.withLock { $0 = identity }
    }

    /// Checks that the names of the database and its log still refer to the same files.
    ///
    /// SQLite does not notice that its files were deleted or replaced, and continues to write to them. After the next start these
    /// writes would be lost.
    ///
    /// - Throws: ``StoreFailure``.
    func checkInPlace() throws {
        guard Self.identity(ofFileAt: path) == identity else {
            throw StoreFailure(.fileMissing, "the database is gone from \(path), or another file is there")
        }
        guard let log = log.withLock({ $0 }), Self.identity(ofFileAt: realPath + "-wal") != log else { return }
        throw StoreFailure(.fileMissing, "the write-ahead log is gone from \(realPath)-wal, or another file is there")
    }

    /// Syncs the file, and returns whether that succeeded; it does not once the file is closed.
    func sync() -> Bool {
        descriptor.withLock { opened in
            guard let opened else { return false }
            return fdatasync(opened) == 0
        }
    }

    /// Overwrites unused bytes for about so long, under the conditions of ``FileScrub``.
    ///
    /// - Parameter scrub: how far it is; nil begins with the first page.
    /// - Returns: how far it is then; nil where the file is closed or no database.
    /// - Throws: ``StoreFailure``.
    func scrub(after scrub: FileScrub?, for time: Duration) throws -> FileScrub? {
        try descriptor.withLock { opened in
            guard let opened, var scrub = scrub ?? FileScrub(opened) else { return nil }
            try scrub.run(opened, until: .now + time)
            return scrub
        }
    }

    /// Closes and unlocks the file; a second call does nothing. SQLite must have closed it.
    func close() {
        let opened = descriptor.withLock { $0.take() }
        guard let opened else { return }
        Self.held.withLock { held in
            // A process that another thread starts at this moment has a copy of the descriptor until it runs its program, and closing ours
            // alone would not end the hold (flock(2)).
            flock(opened, LOCK_UN)
            Foundation.close(opened)
            held.remove(identity)
        }
    }

    /// Closes and unlocks the file after a failure to open it, and leaves the folder as it was where the file did not exist before.
    func abandon() {
        if isNew {
            for suffix in [""] + DatabaseName.logSuffixes { unlink(realPath + suffix) }
        }
        close()
    }

    private static func takeHold(
        of path: String, unlessAmong held: Set<Identity>, for purpose: Purpose
    ) throws(SQLiteStoreError) -> (descriptor: Int32, identity: Identity, isNew: Bool) {
        if let known = identity(ofFileAt: path), held.contains(known) { throw .held(path: path) }
        let (opened, isNew) = try openOrCreate(path, for: purpose)
        do throws(SQLiteStoreError) {
            // A device reads as an empty file, and would be gone where it is replaced.
            guard isRegular(opened) else { throw .notADatabase(path: path) }
            try DatabaseName.checkMounts(opened, path)
            try lock(opened, path)
            guard purpose == .replacing || !DatabaseName.isHardLinked(opened) else { throw .hardLinked(path: path) }
            guard let identity = identity(of: opened) else { throw failure(path) }
            // A restore holds the old file until the new one has its name.
            guard identity == Self.identity(ofFileAt: path) else { throw .held(path: path) }
            if purpose != .replacing { try checkHeader(opened, path) }
            return (opened, identity, isNew)
        } catch {
            Foundation.close(opened)
            if isNew { unlink(path) }
            throw error
        }
    }

    private static func checkFolder(of path: String) throws(SQLiteStoreError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw .folderMissing(path: path)
        }
        // The log is beside the database, and is created and removed with every start.
        guard access(folder, W_OK | X_OK) == 0 else { throw .notWritable(path: path) }
    }

    private static func openOrCreate(
        _ path: String, for purpose: Purpose
    ) throws(SQLiteStoreError) -> (descriptor: Int32, isNew: Bool) {
        let existing = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK)
        if existing >= 0 { return (existing, false) }
        guard errno == ENOENT else { throw failure(path) }
        guard purpose != .openingExisting else { throw .missing(path: path) }
        let new = open(path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, PartialFile.newMode)
        guard new >= 0 else {
            guard errno != EEXIST else {
                throw .other(path: path, reason: "it is a symbolic link to a file that does not exist")
            }
            throw failure(path)
        }
        return (new, true)
    }

    private static func isRegular(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func lock(_ descriptor: Int32, _ path: String) throws(SQLiteStoreError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw errno == EWOULDBLOCK ? .held(path: path) : failure(path)
        }
    }

    private static func checkHeader(_ descriptor: Int32, _ path: String) throws(SQLiteStoreError) {
        var bytes = [UInt8](repeating: 0, count: DatabaseHeader.length)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw failure(path) }
        switch DatabaseHeader(bytes.prefix(count)) {
        case .empty: break
        case .foreign: throw .notADatabase(path: path)
        case .database(let applicationID, let schemaVersion):
            guard applicationID == Schema.applicationID else { throw .notPostbox(path: path) }
            guard schemaVersion <= Schema.version else { throw .newerSchema(path: path) }
        }
    }

    private static func failure(_ path: String) -> SQLiteStoreError {
        switch errno {
        case EACCES, EPERM, EROFS: .notWritable(path: path)
        case EISDIR: .notADatabase(path: path)
        default: .other(path: path, reason: String(cString: strerror(errno)))
        }
    }

    private static func identity(ofFileAt path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    private static func identity(of descriptor: Int32) -> Identity? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
