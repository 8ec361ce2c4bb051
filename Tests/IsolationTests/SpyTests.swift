import HTTP
import Messaging
import MessagingHTTP
import StoreTestSupport
import Testing

/// Somebody who watches their own cursors and tags learns nothing of what others do, not even in other tenants.
@Suite(.onEachStore)
struct SpyTests {
    /// All that the spy got: what the entries were, and every token, in order.
    private struct Notes: Equatable {
        var entries: [String] = []
        var tokens: [String] = []

        /// Which tokens are the same, and nothing else of them: the number of the first one like it for each.
        var pattern: [Int] { tokens.map { token in tokens.firstIndex(of: token) ?? -1 } }
    }

    /// - Parameter noise: how often others send something between any two requests of the spy.
    private func spy(noise: Int) async throws -> Notes {
        let bench = try Bench()
        var notes = Notes()
        func ask(_ path: String) async throws -> Response {
            for _ in 0..<noise {
                _ = await bench.answer(.send(tenant: "busy", to: "c", "{\"content\":\"!\",\"receiverId\":\"bob\"}"))
            }
            let answer = await bench.answer(Ask(tenant: "spies", user: "spy", path: path))
            try #require(answer.status == 200, "\(path): \(answer.text)")
            notes.entries.append(
                contentsOf: answer.text.matches(of: /"id":"(s-\d)","name"/).map { String($0.output.1) })
            notes.entries.append("end of \(notes.tokens.isEmpty ? "the first" : "a") page")
            let fields = try ["X-Cursor", "ETag", "Link"].map { try #require(answer.value(of: $0)) }
            for field in fields { notes.tokens += field.matches(of: /[a-z0-9]+\.[a-z0-9]+/).map { String($0.output) } }
            notes.tokens.append(fields[1])
            return answer
        }
        func cursor(_ answer: Response) throws -> String { try #require(answer.value(of: "X-Cursor")) }

        _ = try await ask(Ask.list)
        for number in 1...4 {
            let open = Ask.send(
                tenant: "spies", user: "spy", to: "s-\(number)", "{\"content\":\"?\",\"receiverId\":\"me\"}")
            #expect(await bench.answer(open).status == 201)
            for _ in 0..<noise {
                _ = await bench.answer(.send(tenant: "busy", to: "c", "{\"content\":\"!\",\"receiverId\":\"bob\"}"))
            }
            _ = try await ask(Ask.list)
        }
        let newest = try await ask("\(Ask.list)?limit=1")
        for query in ["since", "before"] { _ = try await ask("\(Ask.list)?\(query)=\(try cursor(newest))") }
        var page = newest
        while let link = page.value(of: "Link"), let older = link.firstMatch(of: /before=([^&>]*)/) {
            page = try await ask("\(Ask.list)?limit=1&before=\(older.output.1)")
            let position = try cursor(page)
            for query in ["since", "before"] { _ = try await ask("\(Ask.list)?\(query)=\(position)&limit=2") }
        }
        let read = Ask.read(tenant: "spies", user: "me", "s-2")
        for _ in 0..<2 { #expect(await bench.answer(read).status == 200) }
        _ = try await ask(Ask.list)
        _ = try await ask("\(Ask.list)?since=\(try cursor(newest))")
        return notes
    }

    @Test("What a caller sees of the list is the same, but for names of states, however much others send meanwhile")
    func pattern() async throws {
        let alone = try await spy(noise: 0)
        #expect(alone.tokens.count > 60)
        for noise in [1, 2, 7] {
            let watched = try await spy(noise: noise)
            #expect(watched.entries == alone.entries)
            #expect(watched.pattern == alone.pattern)
        }
    }

    @Test("Names of states of a list are of one form and in no order, so that none can be counted from another")
    func form() async throws {
        let bench = try Bench()
        var cursors: [String] = []
        for number in 0..<64 {
            _ = await bench.answer(.send(to: "c-1", "{\"content\":\"\(number)\",\"receiverId\":\"bob\"}"))
            cursors.append(try #require(await bench.answer(Ask(path: Ask.list)).value(of: "X-Cursor")))
        }
        let form = "\(bench.store.epoch.text)."
        for cursor in cursors {
            #expect(cursor.hasPrefix(form))
            #expect(cursor.dropFirst(form.count).wholeMatch(of: /[a-p][a-z2-7]{12}/) != nil, "\(cursor)")
        }
        let rises = zip(cursors, cursors.dropFirst()).count { $0.0 < $0.1 }
        // The number of rises in a shuffled row of 64: 31.5 on average, with a standard deviation of 2.3.
        #expect((18...45).contains(rises))
        let initials = Set(cursors.map { $0.dropFirst(form.count).first })
        #expect(initials.count > 8, "\(initials)")
    }

    @Test("Two callers who see the same changes cannot compare their cursors")
    func accomplices() async throws {
        let bench = try Bench()
        _ = await bench.answer(.send(to: "c-1", "{\"content\":\"Hi\",\"receiverId\":\"bob\"}"))
        let mine = try #require(await bench.answer(Ask(path: Ask.list)).value(of: "X-Cursor"))
        let bobs = try #require(await bench.answer(Ask(user: "bob", path: Ask.list)).value(of: "X-Cursor"))
        #expect(mine != bobs)
        #expect(await bench.answer(Ask(user: "bob", path: "\(Ask.list)?since=\(mine)")).problem == "cursor-expired")
    }
}
