import Foundation
import Logging
import Messaging
import Synchronization
import Testing

@testable import postbox

@Suite("The log")
struct LogTests {
    private func line(_ message: String, _ fields: [(name: String, value: LogLine.Value)] = []) -> LogLine {
        LogLine(time: Timestamp(milliseconds: 0), level: .warning, message: message, fields: fields)
    }

    private func text(_ line: LogLine, _ format: LogFormat) -> String {
        String(decoding: line.bytes(as: format), as: UTF8.self)
    }

    @Test("an event is one line of text, with quotes where a reader could be misled")
    func textLines() {
        let event = line(
            "slow request",
            [
                ("path", .text("/a/b")), ("empty", .text("")), ("odd", .text("a=b \"c\"")), ("n", .number(7)),
                ("s", .seconds(1.25)),
            ])
        let fields = #"path=/a/b empty="" odd="a=b \"c\"" n=7 s=1.250000"#
        #expect(text(event, .text) == "1970-01-01T00:00:00.000Z warning slow request \(fields)\n")
    }

    @Test("an event is one JSON object, with numbers as numbers")
    func jsonLines() throws {
        let event = line("slow \"request\"", [("path", .text("/ä\n")), ("n", .number(7)), ("s", .seconds(0.000_012))])
        let bytes = event.bytes(as: .json)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(object["time"] as? String == "1970-01-01T00:00:00.000Z")
        #expect(object["level"] as? String == "warning")
        #expect(object["message"] as? String == "slow \"request\"")
        #expect(object["path"] as? String == "/ä\n")
        #expect(object["n"] as? Int == 7)
        #expect(object["s"] as? Double == 0.000_012)
        #expect(bytes.filter { $0 == 0x0A }.count == 1)
    }

    @Test("No logged text ends a line early or steers a terminal", arguments: LogFormat.allCases)
    func hostileText(format: LogFormat) {
        let hostile = "a\r\nb\u{1B}[31m\u{7F}\u{9B}\u{202E}\u{2028}c"
        let bytes = line(hostile, [("cause", .text(hostile))]).bytes(as: format)
        #expect(bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        #expect(!scalars.contains { (0x80...0x9F).contains($0.value) || $0 == "\u{202E}" || $0 == "\u{2028}" })
    }

    @Test("whoever logs never waits: what does not fit is dropped, counted, and said once there is room")
    func dropping() {
        let written = Mutex("")
        let (started, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let queue = LogQueue(capacity: 10, format: .text) { bytes in
            let isFirst = written.withLock { written in
                defer { written += String(decoding: bytes, as: UTF8.self) }
                return written.isEmpty
            }
            if isFirst {
                started.signal()
                goOn.wait()
            }
            return true
        } said: { count in
            LogLine(time: Timestamp(milliseconds: 0), level: .warning, message: "dropped \(count)")
        }
        func put(_ number: Int) {
            queue.put { LogLine(time: Timestamp(milliseconds: 0), level: .info, message: "line \(number)") }
        }
        put(0)
        started.wait()
        for number in 1...25 { put(number) }
        #expect(queue.droppedLines == 15)
        goOn.signal()
        queue.close(within: 10)
        let lines = written.withLock { $0 }.split(separator: "\n").map {
            $0.split(separator: " ", maxSplits: 2).last ?? ""
        }
        #expect(lines == (0...10).map { "line \($0)" } + ["dropped 15"])
    }

    @Test("closing a log that nobody reads does not hang")
    func stuckReader() {
        let never = DispatchSemaphore(value: 0)
        let queue = LogQueue(format: .text) { _ in
            never.wait()
            return true
        } said: { _ in
            LogLine(time: Timestamp(milliseconds: 0), level: .warning, message: "dropped")
        }
        queue.put { LogLine(time: Timestamp(milliseconds: 0), level: .info, message: "line") }
        let start = ContinuousClock.now
        queue.close(within: 0.1)
        #expect(ContinuousClock.now - start < .seconds(5))
        never.signal()
    }

    @Test(
        "A signal turns the log level to debug and back, or to info and back where it was lower",
        arguments: [(Logger.Level.notice, Logger.Level.debug), (.critical, .debug), (.debug, .info), (.trace, .info)])
    func levels(usual: Logger.Level, other: Logger.Level) {
        let levels = LogLevels(usual: usual)
        #expect(levels.level == usual)
        levels.toggle()
        #expect(levels.level == other)
        levels.toggle()
        #expect(levels.level == usual)
    }

    @Test(
        "The sampled access log takes an even share of requests",
        arguments: [(0.0, 0), (0.01, 10), (0.25, 250), (1.0 / 3, 333), (1.0, 1000)])
    func sampling(share: Double, expected: Int) {
        let sampler = Sampler(share: share)
        let taken = (0..<1000).filter { _ in sampler.takes() }
        #expect(abs(taken.count - expected) <= 1)
        // No stretch goes without: two in a row are never further apart than the share says.
        if share > 0 { #expect(zip(taken, taken.dropFirst()).allSatisfy { Double($1 - $0) <= 1 / share + 1 }) }
    }
}
