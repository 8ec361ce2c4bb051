import Dispatch
import Glibc

/// A raw TCP connection to a server on this machine; what it reads is answers, one by one.
final class Client {
    struct Answer {
        let status: Int
        let head: String
        let body: String

        /// The value of the first field with this lower-case name.
        func field(_ name: String) -> String? {
            for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix(name + ":") {
                return String(line.dropFirst(name.count + 1).drop { $0 == " " })
            }
            return nil
        }
    }

    struct Failure: Error {
        let text: String
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Connects; what is read later is waited for off the threads that tasks run on.
    init(port: UInt16) throws { descriptor = try Self.connected(to: port) }

    /// A socket that is connected to a server on this machine.
    static func connected(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Failure(text: reason)
        }
        var noDelay: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    /// Has a connection reset when it is closed.
    static func resetWhenClosed(_ descriptor: Int32) {
        var none = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, socklen_t(MemoryLayout<linger>.size))
    }

    deinit { close(descriptor) }

    /// Sends these bytes; false once the server has closed the connection.
    @discardableResult
    func send(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            bytes = bytes.dropFirst(sent)
        }
        return true
    }

    /// Sends these bytes a few at a time, each few in a segment of its own.
    func send(_ text: String, pieces: Int) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            guard send(String(decoding: rest.prefix(pieces), as: UTF8.self)) else { return }
            rest = rest.dropFirst(pieces)
            if pieces < 100 { sched_yield() }
        }
    }

    /// Whether the next thing is a 400, and the end of the connection.
    func isRefused() async -> Bool {
        guard (try? await receive())?.status == 400 else { return false }
        return await isClosedByServer()
    }

    /// Has the connection reset when it is closed.
    func resetWhenClosed() { Self.resetWhenClosed(descriptor) }

    /// Says that nothing more is sent; answers can still be read.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads the next answer whole.
    func receive(bodiless: Bool = false) async throws -> Answer {
        let end = Array("\r\n\r\n".utf8)
        while buffer.firstRange(of: end) == nil { try await fill() }
        guard let gap = buffer.firstRange(of: end) else { throw Failure(text: "no head") }
        let head = String(decoding: buffer[..<gap.lowerBound], as: UTF8.self)
        let status = Int(head.split(separator: " ")[1]) ?? 0
        let length = bodiless ? 0 : Int(Answer(status: 0, head: head, body: "").field("content-length") ?? "0") ?? 0
        while buffer.count < gap.upperBound + length { try await fill() }
        let body = String(decoding: buffer[gap.upperBound..<(gap.upperBound + length)], as: UTF8.self)
        buffer.removeFirst(gap.upperBound + length)
        return Answer(status: status, head: head, body: body)
    }

    /// Reads every answer until the server closes the connection.
    func receiveAll() async -> [Answer] {
        var answers: [Answer] = []
        while let answer = try? await receive() { answers.append(answer) }
        return answers
    }

    /// Sends one request and reads its answer.
    func exchange(_ text: String, bodiless: Bool = false) async throws -> Answer {
        send(text)
        return try await receive(bodiless: bodiless)
    }

    /// Waits for the server to close the connection; false if it sends something or does nothing for a minute.
    func isClosedByServer() async -> Bool {
        guard buffer.isEmpty, await isReadable() else { return false }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) <= 0
    }

    private func fill() async throws {
        guard await isReadable() else { throw Failure(text: "nothing for a minute") }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { throw Failure(text: count == 0 ? "closed" : String(cString: strerror(errno))) }
        buffer.append(contentsOf: chunk[..<count])
    }

    private func isReadable() async -> Bool {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [descriptor] in
                var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                continuation.resume(returning: poll(&wanted, 1, 60_000) > 0)
            }
        }
    }
}
