import Glibc
import HTTP

/// An IPv4 or IPv6 address with a port.
struct SocketAddress {
    private var storage = sockaddr_storage()

    /// None yet.
    init() {}

    /// Reads a literal; `localhost` is 127.0.0.1, without a look-up.
    init(host: String, port: UInt16) throws(ServerError) {
        var version4 = sockaddr_in()
        var version6 = sockaddr_in6()
        if inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &version4.sin_addr) == 1 {
            version4.sin_family = sa_family_t(AF_INET)
            version4.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: version4, as: sockaddr_in.self) }
        } else if inet_pton(AF_INET6, host, &version6.sin6_addr) == 1 {
            version6.sin6_family = sa_family_t(AF_INET6)
            version6.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: version6, as: sockaddr_in6.self) }
        } else {
            throw .invalidAddress(host)
        }
    }

    /// The address that a socket has at our end.
    init(boundTo descriptor: Int32) {
        _ = fill { getsockname(descriptor, $0, $1) }
    }

    /// Has a system call write an address.
    mutating func fill<Result>(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
    ) -> Result {
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &size) }
        }
    }

    var family: Int32 { Int32(storage.ss_family) }

    var port: UInt16 {
        // Both families keep the port in the two bytes after the family.
        withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    /// A new TCP socket of this family, neither bound nor connected, whose calls wait; the caller closes it.
    func makeStream() throws(ServerError) -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket") }
        return descriptor
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        let size = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        return withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(size)) }
        }
    }

    /// The text of an address without its port; IPv4 seen through an IPv6 socket is written as IPv4.
    static func text(of address: UnsafePointer<sockaddr>?) -> String {
        guard let address else { return "" }
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            return text(AF_INET, raw + 4)
        case AF_INET6:
            let isMapped = IPAddress.isMapped(UnsafeRawBufferPointer(start: raw + 8, count: 16))
            return isMapped ? text(AF_INET, raw + 20) : text(AF_INET6, raw + 8)
        default:
            return ""
        }
    }

    private static func text(_ family: Int32, _ address: UnsafeRawPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let start = buffer.baseAddress,
                let text = inet_ntop(family, address, start, socklen_t(buffer.count))
            else { return "" }
            return String(cString: text)
        }
    }
}
