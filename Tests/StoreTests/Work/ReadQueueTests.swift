import Dispatch
import Messaging
import StoreWork
import Synchronization
import TestSupport
import Testing

@Suite("The queue of reads", .timeLimit(.minutes(1)))
struct ReadQueueTests {
    /// Reads that stand still until they are let go.
    private final class Held: Sendable {
        let begun = Atomic(0)
        let refused = Atomic(0)
        private let gate = DispatchSemaphore(value: 0)

        func read() -> Int {
            begun.add(1, ordering: .relaxed)
            gate.wait()
            gate.signal()
            return 1
        }

        func letGo() { gate.signal() }

        func areAllBegun(_ count: Int) async throws {
            while begun.load(ordering: .relaxed) < count { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    private static func isRefused(_ result: Result<Int, any Error>) -> Bool {
        guard case .failure(let error as MessagingError) = result else { return false }
        return error == .overloaded
    }

    @Test("While its readers are stuck it takes what it may hold, refuses more at once, and goes on with what it took")
    func bounded() async throws {
        let (queue, held) = (ReadQueue(width: 2, capacity: 3, stallLimit: .seconds(3600)), Held())
        let stuck = (1...2).map { _ in Task { await queue.perform(held.read) } }
        try await held.areAllBegun(2)
        let waiting = (1...10).map { _ in
            Task {
                let result = await queue.perform { 2 }
                if Self.isRefused(result) { held.refused.add(1, ordering: .relaxed) }
                return result
            }
        }
        while held.refused.load(ordering: .relaxed) < 7 { try await Task.sleep(for: .milliseconds(2)) }
        held.letGo()
        for task in stuck { #expect(try await task.value.get() == 1) }
        var answers = 0
        for task in waiting where (try? await task.value.get()) == 2 { answers += 1 }
        #expect(answers == 3)
        #expect(try await queue.perform { 3 }.get() == 3)
    }

    @Test("After a quiet time, those who come at once are not taken for a hung disk")
    func quiet() async throws {
        let clock = TestClock()
        let queue = ReadQueue(width: 2, capacity: 100, stallLimit: .seconds(5)) { clock.now }
        for _ in 1...100 {
            // All are there before the first of them has begun.
            let crowd = (1...6).map { _ in Task.immediate { await queue.perform { 1 } } }
            for task in crowd { #expect(try await task.value.get() == 1) }
            clock.advance(by: .seconds(10))
        }
    }

    @Test("When no read has ended for too long it refuses at once, and takes more as soon as one has")
    func stalled() async throws {
        let (clock, held) = (TestClock(), Held())
        let queue = ReadQueue(width: 2, capacity: 100, stallLimit: .seconds(5)) { clock.now }
        let stuck = (1...2).map { _ in Task { await queue.perform(held.read) } }
        try await held.areAllBegun(2)
        clock.advance(by: .seconds(5))
        #expect(!queue.isStalled)
        clock.advance(by: .milliseconds(1))
        #expect(queue.isStalled)
        #expect(Self.isRefused(await queue.perform { 2 }))
        held.letGo()
        for task in stuck { #expect(try await task.value.get() == 1) }
        #expect(try await queue.perform { 3 }.get() == 3)
        #expect(!queue.isStalled)
    }

    @Test("One reader that is at a long read does not keep others from being served")
    func oneIsLong() async throws {
        let (clock, held) = (TestClock(), Held())
        let queue = ReadQueue(width: 2, capacity: 100, stallLimit: .seconds(5)) { clock.now }
        let stuck = Task { await queue.perform(held.read) }
        try await held.areAllBegun(1)
        clock.advance(by: .seconds(60))
        #expect(try await queue.perform { 2 }.get() == 2)
        held.letGo()
        #expect(try await stuck.value.get() == 1)
    }

    /// A context that notices when two reads use it at once, and counts how many of its kind there are.
    private final class Context {
        final class Count: Sendable {
            let made = Atomic(0)
            let present = Atomic(0)
        }

        let number: Int
        var isBusy = false
        private let count: Count

        init(_ count: Count) {
            self.count = count
            number = count.made.add(1, ordering: .relaxed).newValue
            count.present.add(1, ordering: .relaxed)
        }

        deinit { count.present.subtract(1, ordering: .relaxed) }
    }

    private static func queue(width: Int, _ count: Context.Count) -> ReadQueue<Context> {
        ReadQueue(width: width, capacity: 1000, stallLimit: .seconds(3600)) { Context(count) }
    }

    @Test("Each read has a context to itself, and there are never more of them than readers")
    func ownContext() async throws {
        let count = Context.Count()
        let queue = Self.queue(width: 3, count)
        let reads = (1...300).map { _ in
            Task {
                try await queue.perform { context in
                    let isAlone = !context.isBusy
                    context.isBusy = true
                    for _ in 1...100 { _ = context.number }
                    context.isBusy = false
                    return isAlone
                }.get()
            }
        }
        for read in reads { #expect(try await read.value) }
        #expect((1...3).contains(count.made.load(ordering: .relaxed)))
    }

    @Test("A context is made for the first read and kept for the next ones")
    func keptContext() async throws {
        let count = Context.Count()
        let queue = Self.queue(width: 1, count)
        #expect(count.made.load(ordering: .relaxed) == 0)
        for _ in 1...10 { #expect(try await queue.perform { $0.number }.get() == 1) }
    }

    @Test("A read may replace its context, and the old one is released")
    func replacedContext() async throws {
        let count = Context.Count()
        let queue = Self.queue(width: 1, count)
        _ = await queue.perform { $0 = Context(count) }
        #expect(try await queue.perform { $0.number }.get() == 2)
        #expect(count.present.load(ordering: .relaxed) == 1)
    }

    @Test("Contexts that are dropped are released at once, and the next read has a new one")
    func droppedContexts() async throws {
        let count = Context.Count()
        let queue = Self.queue(width: 2, count)
        #expect(try await queue.perform { $0.number }.get() == 1)
        queue.dropContexts()
        #expect(count.present.load(ordering: .relaxed) == 0)
        #expect(try await queue.perform { $0.number }.get() == 2)
    }
}

extension ReadQueue where Context == Void {
    /// Creates a queue of reads that need no context.
    fileprivate convenience init(
        width: Int, capacity: Int, stallLimit: Duration,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.init(width: width, capacity: capacity, stallLimit: stallLimit, now: now, makeContext: {})
    }

    /// Runs a read that needs no context.
    fileprivate func perform<Answer: Sendable>(
        _ read: @escaping @Sendable () throws -> Answer
    ) async -> Result<Answer, any Error> {
        await perform { (_: inout Void) in try read() }
    }
}
