import Foundation
import MicroHTTPServer

/// Sockets from the process that started this one (sd_listen_fds(3)).
enum SocketActivation {
    /// Where the first of them is.
    private static let first: Int32 = 3

    private static let given = Result { try socket(ProcessInfo.processInfo.environment) }

    /// The socket that this process was given to serve; nil for none. Looked at once: later, its number may be another file's.
    static var socket: InheritedSocket? { try? given.get() }

    /// Whether this process was given any, one that can be served or not.
    static var isGiven: Bool {
        if case .success(nil) = given { false } else { true }
    }

    /// Makes sure that it can be served.
    ///
    /// - Throws: ``Failure`` where this process was given more than one, or one that cannot be served.
    static func check() throws { _ = try given.get() }

    /// The socket that an environment names for a process; nil for none.
    ///
    /// - Throws: ``Failure`` where it was given more than one, or one that cannot be served.
    static func socket(_ environment: [String: String], process: Int32 = getpid()) throws -> InheritedSocket? {
        guard let count = try count(environment, process: process) else { return nil }
        guard count == 1 else {
            throw Failure.badUsage(
                "LISTEN_FDS: there are \(count) sockets, and one can be served: [::]:PORT also takes IPv4")
        }
        do throws(ServerError) {
            return try InheritedSocket(descriptor: first)
        } catch {
            throw Failure.badUsage("LISTEN_FDS: \(error.description)")
        }
    }

    /// How many sockets there are; nil for none. The variables may be meant for a parent that left them lying.
    static func count(_ environment: [String: String], process: Int32) throws -> Int? {
        guard environment["LISTEN_PID"] == String(process), let text = environment["LISTEN_FDS"] else { return nil }
        guard let count = Int(text), count >= 0 else {
            throw Failure.badUsage("LISTEN_FDS: \(text) is no number of sockets")
        }
        return count == 0 ? nil : count
    }
}
