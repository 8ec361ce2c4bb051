import Dispatch
import Messaging
import StoreTestSupport
import Synchronization
import Testing

@Suite("When and how writers are answered", .onEachStore)
struct AnsweringTests {
    /// Takes its time, and counts what it was told of once that is over.
    private final class SlowObserver: CommitObserver {
        let told = Atomic(0)

        func committed(_ commits: [Commit]) {
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(20))
            told.add(commits.count, ordering: .sequentiallyConsistent)
        }

        func reset() {}
    }

    private final class Counter: Sendable {
        let count = Atomic(0)
    }

    let home: StoreHome

    init() throws {
        home = try StoreHome()
    }

    @Test("The observer knows before the sender is answered")
    func observerFirst() async throws {
        let observer = SlowObserver()
        let store = try home.open(observer: observer)
        let id = try store.open("c", alice, bob)
        #expect(observer.told.load(ordering: .sequentiallyConsistent) == 1)
        for count in 2...5 {
            _ = try await store.send(draft(alice, to: .id(id)))
            #expect(observer.told.load(ordering: .sequentiallyConsistent) == count)
        }
    }

    @Test("What is refused among others leaves no gap and is told to nobody, and the others are stored")
    func refusedAmongOthers() async throws {
        let recorder = Recorder()
        let store = try home.open(observer: recorder)
        let id = try store.open("c", alice, bob)
        _ = try await store.send(draft(alice, to: .id(id), "first", key: "k"))
        _ = recorder.take()
        let results = await withTaskGroup(of: Result<Int64, any Error>.self) { group in
            for index in 1...60 {
                group.addTask {
                    do {
                        let draft =
                            switch index % 3 {
                            case 0: try draft(carol, to: .id(id))
                            case 1: try draft(alice, to: .id(id), "other", key: "k")
                            default: try draft(alice, to: .id(id), "\(index)")
                            }
                        return .success(try await store.send(draft).message.n)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.compactMap { try? $0.get() }.sorted() == Array(2...21))
        func count(_ error: MessagingError) -> Int {
            results.count { if case .failure(let found as MessagingError) = $0 { found == error } else { false } }
        }
        #expect(count(.conversationNotFound) == 20 && count(.idempotencyConflict) == 20)
        let told = recorder.take()
        #expect(told.compactMap(\.message?.n) == Array(2...21))
        let changes = told.map { $0.listChanges[0].change }
        #expect(zip(changes, changes.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("Closing stores and answers what waits, refuses what comes later, and all is there after the next opening")
    func closing() async throws {
        let store = try home.open()
        let id = try store.open("c", alice, bob)
        let begun = Counter()
        let senders = (1...200).map { _ in
            Task {
                begun.count.add(1, ordering: .relaxed)
                return try? await store.send(draft(alice, to: .id(id))).message.n
            }
        }
        while begun.count.load(ordering: .relaxed) < 50 { await Task.yield() }
        store.close()
        store.close()
        var numbers: [Int64] = []
        for sender in senders {
            if let n = await sender.value { numbers.append(n) }
        }
        #expect(numbers.sorted() == Array(1...Int64(max(1, numbers.count))))
        await #expect(throws: MessagingError.storeUnavailable("the store is closed")) {
            try await store.send(draft(alice, to: .id(id)))
        }
        await #expect(throws: MessagingError.self) { try await store.list(of: alice) }
        #expect(await store.checkReadiness() != nil)
        let reopened = try home.open()
        #expect(try await reopened.allMessages(id).map(\.n) == numbers.sorted())
        #expect(reopened.epoch == store.epoch && reopened.cursorKey == store.cursorKey)
    }

    @Test("Renamings of one user that come at once all come to their ends, and one of them is what all see")
    func renamings() async throws {
        let store = try home.open()
        for number in 10..<50 { try store.open("c\(number)", alice, bob) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { try await store.setPerson(Person(id: alice, name: "Name \(number)"), tenant: .none) }
            }
            try await group.waitForAll()
        }
        let names = Set(try await store.list(of: bob).conversations.map { $0.people[0].displayName })
        #expect(names.count == 1 && names.first?.hasPrefix("Name ") == true)
    }
}
