import Messaging
import Testing

@Suite("Message windows")
struct MessageWindowTests {
    private func slices(_ window: MessageWindow, _ now: ReadMarks, limit: Int = 100) -> [MessageSlice] {
        window.slices(now: now, viewer: alice, limit: limit)
    }

    @Test("the newest page is a range at the end", arguments: [(0, nil), (3, 1...3), (10, 1...10), (42, 33...42)])
    func newest(n: Int64, numbers: ClosedRange<Int64>?) {
        let now = ReadMarks(latest: n, othersReadUpTo: 0, viewerReadUpTo: 0)
        #expect(slices(.newest, now, limit: 10) == numbers.map { [MessageSlice($0)] } ?? [])
        #expect(MessageWindow.newest.position(now: now, lastReturned: n, complete: true) == now)
    }

    @Test(
        "an older page ends below its number",
        arguments: [(0, nil), (1, nil), (2, 1...1), (11, 1...10), (12, 2...11), (42, 32...41)])
    func before(n: Int64, numbers: ClosedRange<Int64>?) {
        let now = ReadMarks(latest: 42, othersReadUpTo: 0, viewerReadUpTo: 0)
        #expect(slices(.before(n), now, limit: 10) == numbers.map { [MessageSlice($0)] } ?? [])
    }

    @Test(
        "to follow an older page is to be told all that comes after it",
        arguments: [(0, 0), (1, 0), (20, 19), (42, 41)])
    func positionOfOlderPage(n: Int64, covered: Int64) {
        let now = ReadMarks(latest: 42, othersReadUpTo: 40, viewerReadUpTo: 38)
        let position = MessageWindow.before(n).position(now: now, lastReturned: nil, complete: true)
        #expect(position == ReadMarks(latest: covered, othersReadUpTo: 40, viewerReadUpTo: 38))
    }

    @Test("no page reaches below what was pruned", arguments: [(0, 33...42), (32, 33...42), (35, 36...42), (42, nil)])
    func pruned(prunedUpTo: Int64, numbers: ClosedRange<Int64>?) {
        let now = ReadMarks(latest: 42, othersReadUpTo: 42, viewerReadUpTo: 42)
        func slices(_ window: MessageWindow) -> [MessageSlice] {
            window.slices(now: now, viewer: alice, limit: 10, prunedUpTo: prunedUpTo)
        }
        #expect(slices(.newest) == numbers.map { [MessageSlice($0)] } ?? [])
        #expect(slices(.before(prunedUpTo + 1)) == [])
        #expect(
            slices(.since(ReadMarks(latest: 0, othersReadUpTo: 0, viewerReadUpTo: 0))).allSatisfy {
                $0.numbers.lowerBound > prunedUpTo
            })
    }

    @Test("nothing changed is no slice at all")
    func unchanged() {
        let now = ReadMarks(latest: 42, othersReadUpTo: 40, viewerReadUpTo: 38)
        #expect(slices(.since(now), now) == [])
        #expect(MessageWindow.since(now).position(now: now, lastReturned: nil, complete: true) == now)
    }

    @Test("what changed is each side's flips between the old and the new mark, and what is new")
    func changed() {
        let old = ReadMarks(latest: 20, othersReadUpTo: 5, viewerReadUpTo: 8)
        let now = ReadMarks(latest: 30, othersReadUpTo: 12, viewerReadUpTo: 10)
        #expect(
            slices(.since(old), now) == [
                MessageSlice(6...12, .only(alice)), MessageSlice(9...10, .except(alice)), MessageSlice(21...30),
            ])
    }

    @Test("a mark that moved past what the client knows flips only what it knows; the rest is new to it")
    func markBeyondKnown() {
        let old = ReadMarks(latest: 20, othersReadUpTo: 18, viewerReadUpTo: 19)
        let now = ReadMarks(latest: 30, othersReadUpTo: 30, viewerReadUpTo: 25)
        #expect(
            slices(.since(old), now) == [
                MessageSlice(19...20, .only(alice)), MessageSlice(20...20, .except(alice)), MessageSlice(21...30),
            ])
    }

    @Test(
        "a position covers what was returned and nothing more",
        arguments: [
            // Cut among the flips: both marks advance to the cut, and no further than they really are.
            (7, ReadMarks(latest: 20, othersReadUpTo: 7, viewerReadUpTo: 8)),
            (9, ReadMarks(latest: 20, othersReadUpTo: 9, viewerReadUpTo: 9)),
            (11, ReadMarks(latest: 20, othersReadUpTo: 11, viewerReadUpTo: 10)),
            (20, ReadMarks(latest: 20, othersReadUpTo: 12, viewerReadUpTo: 10)),
            // Cut among the new ones: all flips have been told.
            (21, ReadMarks(latest: 21, othersReadUpTo: 12, viewerReadUpTo: 10)),
            (29, ReadMarks(latest: 29, othersReadUpTo: 12, viewerReadUpTo: 10)),
        ] as [(Int64, ReadMarks)])
    func partial(last: Int64, covered: ReadMarks) {
        let window = MessageWindow.since(ReadMarks(latest: 20, othersReadUpTo: 5, viewerReadUpTo: 8))
        let now = ReadMarks(latest: 30, othersReadUpTo: 12, viewerReadUpTo: 10)
        #expect(window.position(now: now, lastReturned: last, complete: false) == covered)
    }

    @Test("the newest page and the older ones before it hold everything once", arguments: 1...12)
    func paging(limit: Int) {
        for n in 0...40 as ClosedRange<Int64> {
            let now = ReadMarks(latest: n, othersReadUpTo: 0, viewerReadUpTo: 0)
            var found: [Int64] = []
            var window = MessageWindow.newest
            while let page = slices(window, now, limit: limit).first {
                #expect(page.numbers.count <= limit)
                found.insert(contentsOf: page.numbers, at: 0)
                window = .before(page.numbers.lowerBound)
            }
            #expect(found == (1..<n + 1).map { $0 })
        }
    }
}
