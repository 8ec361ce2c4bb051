import Testing

@testable import Messaging

@Suite("The newest messages in memory")
struct RecentMessagesTests {
    private func text(_ n: Int64) -> Message {
        Message(
            n: n, sender: UserID(trusted: n.isMultiple(of: 2) ? "bob" : "alice"), content: "\(n)",
            sentAt: Timestamp(milliseconds: n), clientMessageID: nil)
    }

    private func numbers(_ recent: RecentMessages, _ slices: [MessageSlice], limit: Int = 100) -> [Int64]? {
        recent.messages(in: slices, limit: limit)?.map(\.n)
    }

    @Test("The newest messages answer what lies among them, each once, in order, up to the limit")
    func within() {
        let recent = RecentMessages(PackedMessages((11...20).map { text($0) }))
        #expect(numbers(recent, [MessageSlice(12...14)]) == [12, 13, 14])
        #expect(numbers(recent, [MessageSlice(11...20)], limit: 2) == [11, 12])
        let bob = UserID(trusted: "bob")
        #expect(
            numbers(
                recent, [MessageSlice(15...17, .except(bob)), MessageSlice(11...13, .only(bob)), MessageSlice(19...20)])
                == [12, 15, 17, 19, 20])
    }

    @Test("The newest messages answer nothing of which they may hold only a part")
    func beyond() {
        let recent = RecentMessages(PackedMessages((11...20).map { text($0) }))
        #expect(numbers(recent, [MessageSlice(10...12)]) == nil)
        #expect(numbers(recent, [MessageSlice(19...21)]) == nil)
        #expect(numbers(recent, [MessageSlice(12...13), MessageSlice(1...2)]) == nil)
        #expect(numbers(RecentMessages(PackedMessages([])), [MessageSlice(1...1)]) == nil)
    }

    @Test("The newest messages are the same however many came before")
    func growth() {
        func message(_ n: Int64) -> Message {
            Message(
                n: n, sender: UserID(trusted: "user \(n % 7)"), content: String(repeating: "\"é🙂\n", count: Int(n % 5)),
                sentAt: Timestamp(milliseconds: n * 1000), clientMessageID: n.isMultiple(of: 2) ? "key \(n)" : nil)
        }
        var recent = RecentMessages(PackedMessages((11...20).map { message($0) }))
        for n in 21...230 as ClosedRange<Int64> {
            recent.append(message(n))
            let kept = max(11, n - 49)...n
            #expect(recent.messages(in: [MessageSlice(kept)], limit: 100).map { Array($0) } == kept.map { message($0) })
        }
    }

    @Test("The newest messages ignore a message that a read has brought before")
    func overtaken() {
        var recent = RecentMessages(PackedMessages((11...20).map { text($0) }))
        for n in 19...20 { recent.append(text(Int64(n))) }
        recent.append(text(21))
        #expect(numbers(recent, [MessageSlice(11...21)]) == Array(11...21))
    }

    @Test("The newest messages take each new message, and are dropped where one is missing between")
    func append() {
        var recent = RecentMessages(PackedMessages([]))
        for n in 1...500 { recent.append(text(Int64(n))) }
        #expect(numbers(recent, [MessageSlice(451...500)])?.count == 50)
        #expect(numbers(recent, [MessageSlice(1...500)]) == nil)
        recent.append(text(502))
        #expect(numbers(recent, [MessageSlice(500...500)]) == nil)
        #expect(numbers(recent, [MessageSlice(502...502)]) == [502])
    }
}
