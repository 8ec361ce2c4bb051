import Dispatch
import Foundation
import Synchronization

/// The lines that wait to be written: bounded, in order; any thread adds, and a serial queue writes.
///
/// A thread that logs must not wait for a terminal or a pipe. Lines that do not fit are dropped and counted, and the count is logged.
final class LogQueue: Sendable {
    private struct State {
        var waiting: [@Sendable () -> LogLine] = []
        var dropped = 0
        var isClosed = false
        /// Whether the serial queue is at the lines, or will be.
        var isWriting = false
    }

    /// How many lines were dropped so far; any thread may ask.
    var droppedLines: Int { droppedInAll.load(ordering: .relaxed) }

    private let state = Mutex(State())
    private let droppedInAll = Atomic<Int>(0)
    private let writer = DispatchQueue(label: "postbox-log")
    private let capacity: Int
    private let format: LogFormat
    private let write: @Sendable ([UInt8]) -> Bool
    private let said: @Sendable (Int) -> LogLine

    /// - Parameters:
    ///   - write: writes whole lines, for as long as that takes; returns whether it could. Called on the serial queue.
    ///   - said: the line that says how many were dropped.
    init(
        capacity: Int = 10_000, format: LogFormat, write: @escaping @Sendable ([UInt8]) -> Bool,
        said: @escaping @Sendable (Int) -> LogLine
    ) {
        self.capacity = capacity
        self.format = format
        self.write = write
        self.said = said
    }

    /// Adds a line at the end, or drops it; its text is made on the serial queue.
    func put(_ line: @escaping @Sendable () -> LogLine) {
        let mustStart = state.withLock { state in
            guard state.waiting.count < capacity, !state.isClosed else {
                state.dropped += 1
                droppedInAll.add(1, ordering: .relaxed)
                return false
            }
            state.waiting.append(line)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { writer.async { [self] in writeAll() } }
    }

    /// Closes the queue and waits until the queued lines are written, at most `seconds`.
    func close(within seconds: Double = 2) {
        state.withLock { $0.isClosed = true }
        let done = DispatchSemaphore(value: 0)
        // Behind whatever writes already, and for lines that were dropped with none after them.
        writer.async { [self] in
            writeAll()
            done.signal()
        }
        _ = done.wait(timeout: .now() + seconds)
    }

    private func writeAll() {
        while let (lines, dropped) = take() {
            var bytes = lines.flatMap { $0().bytes(as: format) }
            if dropped > 0 { bytes += said(dropped).bytes(as: format) }
            if !write(bytes) { droppedInAll.add(lines.count, ordering: .relaxed) }
            // So that a busy server does not write every line by itself.
            usleep(2000)
        }
    }

    /// All waiting lines, and how many were dropped since the last call; nil where there is neither.
    private func take() -> (lines: [@Sendable () -> LogLine], dropped: Int)? {
        state.withLock { state in
            let taken = (state.waiting, state.dropped)
            state.waiting = []
            state.dropped = 0
            state.isWriting = !taken.0.isEmpty || taken.1 > 0
            return state.isWriting ? taken : nil
        }
    }
}
