import Foundation
import Testing

@testable import postbox

@Suite("Word to the service manager")
struct ServiceManagerTests {
    /// What arrives at a datagram socket bound to this address, and how it is called in the environment.
    private func told(_ event: ServiceManager.Event, abstract: Bool) throws -> String {
        let name = "/tmp/postbox-\(getpid())-\(UInt32.random(in: .min ... .max))"
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer {
            close(descriptor)
            unlink(name)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if abstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(2 + bytes.count)) }
        }
        try #require(code == 0)
        ServiceManager(["NOTIFY_SOCKET": abstract ? "@" + name.dropFirst() : name]).tell(event)
        var buffer = [UInt8](repeating: 0, count: 1000)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    @Test(
        "Each event for the service manager is one datagram, at a socket in the file system or abstract",
        arguments: [false, true])
    func events(abstract: Bool) throws {
        #expect(try told(.ready(status: "listening"), abstract: abstract) == "READY=1\nSTATUS=listening")
        #expect(try told(.reloading(microseconds: 7), abstract: abstract) == "RELOADING=1\nMONOTONIC_USEC=7")
        #expect(try told(.alive, abstract: abstract) == "WATCHDOG=1")
        #expect(try told(.stopping, abstract: abstract) == "STOPPING=1")
    }

    @Test(
        "Without a socket of a service manager, or with one that is not there, nothing happens",
        arguments: [nil, "", "relative", "/nowhere/socket", "/" + String(repeating: "x", count: 200)])
    func nobody(path: String?) {
        ServiceManager(path.map { ["NOTIFY_SOCKET": $0] } ?? [:]).tell(.ready(status: ""))
    }

    @Test("The watchdog runs where it was asked for, and for this process")
    func watchdog() {
        let base = ["NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "30000000"]
        #expect(ServiceManager(base, process: 5).watches)
        #expect(ServiceManager(base.merging(["WATCHDOG_PID": "5"]) { $1 }, process: 5).watches)
        #expect(!ServiceManager(base.merging(["WATCHDOG_PID": "6"]) { $1 }, process: 5).watches)
        #expect(!ServiceManager(["NOTIFY_SOCKET": "/s"], process: 5).watches)
        #expect(!ServiceManager(["WATCHDOG_USEC": "30000000"], process: 5).watches)
        #expect(!ServiceManager(base.merging(["WATCHDOG_USEC": "0"]) { $1 }, process: 5).watches)
    }
}
