import Foundation
import Messaging
import Synchronization

/// The thread that answers writes whose answers are held back until no node answers as if they were not there.
final class AnswerLine: Sendable {
    private let held = Mutex(AnswerDelay<@Sendable () -> Void>(delay: 0))
    private let wake = WakeUp()
    private let isClosing = Atomic<Bool>(false)
    private let end = DispatchGroup()

    init() {
        end.enter()
        let thread = Thread { [self] in
            work()
            end.leave()
        }
        thread.name = "postbox-answers"
        thread.start()
    }

    /// How many calls of the writer wait to be answered.
    var count: Int { held.withLock { $0.count } }

    /// Calls `answer` after so many nanoseconds from now, after all that were held before.
    func hold(for time: Int64, _ answer: @escaping @Sendable () -> Void) {
        let isFirst = held.withLock { held in
            held.hold(answer, committedBy: BootClock.now + time)
            return held.count == 1
        }
        if isFirst { wake.signal() }
    }

    /// Gives all answers when they are due, then ends the thread; blocks until then.
    func close() {
        isClosing.store(true, ordering: .releasing)
        wake.signal()
        end.wait()
    }

    private func work() {
        while true {
            let (due, next) = held.withLock { held in (held.takeDue(at: BootClock.now), held.nextDue) }
            for answer in due { answer() }
            guard due.isEmpty else { continue }
            if let next {
                wake.wait(for: .nanoseconds(next - BootClock.now))
            } else if isClosing.load(ordering: .acquiring) {
                return
            } else {
                wake.wait(for: .seconds(3600))
            }
        }
    }
}
