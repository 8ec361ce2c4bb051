import Dispatch
import Foundation

/// A thread that does something short again and again.
final class Ticker: Sendable {
    private let wake = DispatchSemaphore(value: 0)
    private let end = DispatchGroup()

    /// Starts the thread.
    init(every pause: DispatchTimeInterval, _ body: @escaping @Sendable () -> Void) {
        end.enter()
        let thread = Thread { [wake, end] in
            while wake.wait(timeout: .now() + pause) == .timedOut { body() }
            end.leave()
        }
        thread.name = "postbox-watch"
        thread.start()
    }

    /// Ends the thread; blocks until then.
    func close() {
        wake.signal()
        end.wait()
    }
}
