import Dispatch
import Foundation
import Synchronization

/// The lines that wait to be written: bounded, any thread puts in, a thread of its own writes.
///
/// Whoever logs must not wait for a terminal or a pipe that takes no more. What does not fit is dropped, counted, and said.
final class LogQueue: Sendable {
    private struct State {
        var waiting: [@Sendable () -> LogLine] = []
        var dropped = 0
        var isClosed = false
        var writerSleeps = false
    }

    /// How many lines were dropped so far; any thread may ask.
    var droppedLines: Int { droppedInAll.load(ordering: .relaxed) }

    private let state = Mutex(State())
    private let droppedInAll = Atomic<Int>(0)
    private let wake = DispatchSemaphore(value: 0)
    private let done = DispatchSemaphore(value: 0)
    private let capacity: Int
    private let format: LogFormat
    private let write: @Sendable ([UInt8]) -> Bool
    private let said: @Sendable (Int) -> LogLine

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - write: writes whole lines, for as long as that takes; says whether it could. Called on the thread.
    ///   - said: the line that says how many were dropped.
    init(
        capacity: Int = 10_000, format: LogFormat, write: @escaping @Sendable ([UInt8]) -> Bool,
        said: @escaping @Sendable (Int) -> LogLine
    ) {
        self.capacity = capacity
        self.format = format
        self.write = write
        self.said = said
        let thread = Thread { [self] in run() }
        thread.name = "postbox-log"
        thread.start()
    }

    /// Puts a line at the end, or drops it; what it looks like is found out on the thread.
    func put(_ line: @escaping @Sendable () -> LogLine) {
        let mustWake = state.withLock { state in
            guard state.waiting.count < capacity, !state.isClosed else {
                state.dropped += 1
                droppedInAll.add(1, ordering: .relaxed)
                return false
            }
            state.waiting.append(line)
            defer { state.writerSleeps = false }
            return state.writerSleeps
        }
        if mustWake { wake.signal() }
    }

    /// Writes what is waiting and ends the thread; waits for that, but not longer than `seconds`.
    func close(within seconds: Double = 2) {
        let mustWake = state.withLock { state in
            state.isClosed = true
            defer { state.writerSleeps = false }
            return state.writerSleeps
        }
        if mustWake { wake.signal() }
        _ = done.wait(timeout: .now() + seconds)
    }

    private func run() {
        while let (lines, dropped) = take() {
            var bytes = lines.flatMap { $0().bytes(as: format) }
            if dropped > 0 { bytes += said(dropped).bytes(as: format) }
            if !write(bytes) { droppedInAll.add(lines.count, ordering: .relaxed) }
            // So that a busy server does not wake this thread for every line.
            usleep(2000)
        }
        done.signal()
    }

    /// All that is waiting, and how many were dropped since the last time; nil once there will be no more.
    private func take() -> (lines: [@Sendable () -> LogLine], dropped: Int)? {
        while true {
            let (lines, dropped, isOver) = state.withLock { state in
                let taken = (state.waiting, state.dropped, state.isClosed && state.waiting.isEmpty)
                state.waiting = []
                state.dropped = 0
                state.writerSleeps = taken.0.isEmpty && taken.1 == 0 && !state.isClosed
                return taken
            }
            if !lines.isEmpty || dropped > 0 { return (lines, dropped) }
            if isOver { return nil }
            wake.wait()
        }
    }
}
