import Glibc

/// The service manager that started the program and receives its state, such as systemd (sd_notify(3)).
struct ServiceManager {
    /// The messages to the service manager.
    enum Event: Equatable {
        /// Requests are answered.
        case ready(status: String)
        /// What was configured is being read again; ``ready(status:)`` follows. The time is of the monotonic clock.
        case reloading(microseconds: Int)
        /// It still works.
        case alive
        /// It is about to end.
        case stopping
    }

    /// Whether it wants to hear ``Event/alive`` from time to time.
    let watches: Bool
    private let path: String?

    /// Reads `NOTIFY_SOCKET`, and `WATCHDOG_USEC` where `WATCHDOG_PID` does not name another process.
    init(_ environment: [String: String], process: Int32 = getpid()) {
        path = environment["NOTIFY_SOCKET"].flatMap { ["/", "@"].contains($0.prefix(1)) ? $0 : nil }
        let watched = environment["WATCHDOG_PID"] ?? String(process)
        watches = path != nil && watched == String(process) && Int(environment["WATCHDOG_USEC"] ?? "") ?? 0 > 0
    }

    /// Sends a state; does nothing without a service manager. A failure to send is no reason to stop serving.
    func tell(_ event: Event) {
        guard let path, var address = Self.address(path) else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let text = Array(Self.text(of: event).utf8)
        let size = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 2) + socklen_t(path.utf8.count)
        withUnsafePointer(to: &address) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), $0, size)
            }
        }
    }

    static func text(of event: Event) -> String {
        switch event {
        case .ready(let status): "READY=1\nSTATUS=\(status)"
        case .reloading(let microseconds): "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
        case .alive: "WATCHDOG=1"
        case .stopping: "STOPPING=1"
        }
    }

    /// A path that begins with @ names a socket outside the file system, with a NUL in its place (unix(7)).
    private static func address(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }
}
