import Testing

@testable import MessagingHTTP

@Suite("A queue in which sources take turns")
struct FairQueueTests {
    private func drain(_ queue: inout FairQueue<String, Int>) -> [Int] {
        var all: [Int] = []
        while let next = queue.next() { all.append(next) }
        return all
    }

    @Test("each source is served in order, and one with much waits no longer than one with little makes it")
    func turns() {
        var queue = FairQueue<String, Int>(countLimit: 100, sizeLimit: 100)
        for number in 0..<6 { #expect(queue.add(number, size: 1, from: "a").isEmpty) }
        #expect(queue.next() == 0)
        for number in 10..<12 { #expect(queue.add(number, size: 1, from: "b").isEmpty) }
        #expect(queue.add(20, size: 1, from: "c").isEmpty)
        #expect(drain(&queue) == [1, 10, 20, 2, 11, 3, 4, 5])
        #expect(queue.count == 0)
        #expect(queue.size == 0)
    }

    @Test("A full queue displaces the last element of the source that has most")
    func full() {
        var queue = FairQueue<String, Int>(countLimit: 3, sizeLimit: 100)
        for number in 0..<3 { #expect(queue.add(number, size: 1, from: "a").isEmpty) }
        #expect(queue.add(3, size: 1, from: "a") == [3])
        #expect(queue.add(10, size: 1, from: "b") == [2])
        #expect(queue.add(11, size: 1, from: "b") == [11])
        #expect(queue.add(20, size: 1, from: "c") == [1])
        #expect(queue.add(30, size: 1, from: "d") == [30])
        #expect(queue.count == 3)
        #expect(drain(&queue) == [0, 10, 20])
    }

    @Test("A fair queue is bounded in bytes too, and refuses an element larger than the bound")
    func bytes() {
        var queue = FairQueue<String, Int>(countLimit: 100, sizeLimit: 10)
        #expect(queue.add(1, size: 10, from: "a").isEmpty)
        #expect(queue.add(2, size: 1, from: "a") == [2])
        #expect(queue.size == 10)
        #expect(queue.add(3, size: 5, from: "b") == [3])
        #expect(queue.next() == 1)
        #expect(queue.add(4, size: 11, from: "b") == [4])
        #expect(queue.add(5, size: 10, from: "b").isEmpty)
        #expect(drain(&queue) == [5])
    }

    @Test("a long run of additions and removals keeps order and counts")
    func long() {
        var queue = FairQueue<Int, Int>(countLimit: 20_000, sizeLimit: 20_000)
        var (added, taken) = ([0, 0, 0], [0, 0, 0])
        for round in 0..<20_000 {
            let source = round % 3
            if round % 7 < 5 {
                #expect(queue.add(added[source] * 3 + source, size: 1, from: source).isEmpty)
                added[source] += 1
            }
            if round % 2 == 0, let next = queue.next() {
                #expect(next / 3 == taken[next % 3])
                taken[next % 3] += 1
            }
        }
        #expect(queue.count == added.reduce(0, +) - taken.reduce(0, +))
    }
}
