import Foundation
import Glibc

/// The Unix socket on which a server takes operators' commands: beside its database file.
struct ControlAddress: Sendable, Equatable {
    /// What the name of the socket has after the name of the database.
    static let suffix = "-control"

    /// The path of the socket.
    let path: String
    /// The path of the database file, which is no symbolic link.
    private let database: String

    /// The socket beside a database file; beside the file itself, where the path is a symbolic link.
    init(database: String) {
        self.database = Self.resolved(database)
        path = self.database + Self.suffix
    }

    /// Whether something else than a socket has the name: also a symbolic link, which could lead to the server of another database.
    var isOtherThanSocket: Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFSOCK
    }

    /// Whether a process of this user may speak for the database: one of root, of the caller or of the owner of the file. Any other user
    /// who can write to the folder can put a socket there, too.
    func trusts(user: uid_t) -> Bool {
        var status = stat()
        return user == 0 || user == geteuid() || (stat(database, &status) == 0 && status.st_uid == user)
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Calls `body` with the address as the system takes it.
    ///
    /// An address holds 107 bytes of a path (unix(7)). A longer one is reached through its open folder in `/proc/self/fd`.
    ///
    /// - Throws: ``ControlError/unreachable(_:)`` where the name of the socket alone is too long or its folder cannot be opened; what
    ///   `body` throws.
    func withSocketAddress<Answer>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(ControlError) -> Answer
    ) throws(ControlError) -> Answer {
        if let address = Self.address(of: path) { return try Self.use(address, body) }
        let url = URL(fileURLWithPath: path)
        let folder = open(url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .unreachable("its folder cannot be opened: \(SystemError.text)") }
        defer { close(folder) }
        guard let address = Self.address(of: "/proc/self/fd/\(folder)/\(url.lastPathComponent)") else {
            throw .unreachable(
                "the name \(url.lastPathComponent) is too long for a socket; give the database a shorter one")
        }
        return try Self.use(address, body)
    }

    private static func address(of path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        return withUnsafeMutableBytes(of: &address.sun_path) { place in
            // One byte stays zero, which ends the path.
            guard bytes.count < place.count else { return false }
            place.copyBytes(from: bytes)
            return true
        } ? address : nil
    }

    private static func use<Answer>(
        _ address: sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(ControlError) -> Answer
    ) throws(ControlError) -> Answer {
        var address = address
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Result { () throws(ControlError) in
                    try body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        return try result.get()
    }
}

/// The text of the last error of the system on this thread.
enum SystemError {
    static var text: String { String(cString: strerror(errno)) }
}
