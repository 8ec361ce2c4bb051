import HTTP
import MessagingHTTP
import StoreTestSupport
import TestSupport
import Testing

@Suite("Compressed answers", .onEachStore)
struct CompressionTests {
    private static let gzip = [(RequestField.acceptEncoding, "gzip, deflate, br, zstd")]
    private static let list = Ask.list
    private static let thread = Ask.thread("with-bob")
    private static let single = "\(Ask.list)/with-bob"

    /// Alice's conversations with Bob and with Eve, with a text of each, and some more of what everybody says.
    private func bench(
        bob: String = "Hello!", eve: String = "Hello!", _ configure: (inout ServiceSettings) -> Void = { _ in }
    ) async throws -> Bench {
        let bench = try Bench(configure: configure)
        for (user, text) in [("bob", bob), ("eve", eve)] {
            try bench.open("with-\(user)", "alice", user)
            for content in [
                "Good morning", text, "See you on Thursday", "Thank you for the documents", "Bye", "Good evening",
                "Yes", "No",
            ] {
                let sent = await bench.answer(.send(user: user, to: "with-\(user)", "{\"content\":\"\(content)\"}"))
                try #require(sent.status == 201)
            }
        }
        return bench
    }

    private func ask(_ path: String, _ fields: [(RequestField, String)] = [], method: HTTP.Method = .get) -> Ask {
        Ask(method: method, path: path, fields: fields)
    }

    @Test("A compressed body is the plain one, with a tag of its own", arguments: [list, thread, single])
    func sameBody(path: String) async throws {
        let bench = try await bench()
        let plain = await bench.answer(ask(path))
        let compressed = await bench.answer(ask(path, Self.gzip))
        #expect(plain.value(of: "Content-Encoding") == nil)
        #expect(compressed.value(of: "Content-Encoding") == "gzip")
        #expect(plain.body.count >= 1024 && compressed.body.count < plain.body.count / 2)
        #expect(gunzip(compressed.body) == plain.body)
        #expect(compressed.uncodedSize == plain.body.count)
        for name in ["X-Cursor", "Link", "Cache-Control", "Content-Type", "Vary"] {
            #expect(plain.value(of: name) == compressed.value(of: name))
        }
        #expect(plain.value(of: "Vary") == "X-User-ID, X-Tenant-ID, Accept-Encoding, Origin")
        #expect(plain.value(of: "ETag") != compressed.value(of: "ETag"))
    }

    @Test(
        "A tag matches where the client still accepts the coding that it came with", arguments: [list, thread, single])
    func conditions(path: String) async throws {
        let bench = try await bench()
        let plain = try #require(await bench.answer(ask(path)).value(of: "ETag"))
        let compressed = try #require(await bench.answer(ask(path, Self.gzip)).value(of: "ETag"))
        func poll(_ tags: String, _ accepted: String?) async -> (status: Int, tag: String?) {
            let coding = accepted.map { [(RequestField.acceptEncoding, $0)] } ?? []
            let answer = await bench.answer(ask(path, coding + [(.ifNoneMatch, tags)]))
            return (answer.status, answer.value(of: "ETag"))
        }
        // Twice, because the second one is answered from what is kept.
        for _ in 1...2 {
            #expect(await poll(compressed, "gzip") == (304, compressed))
            #expect(await poll("W/\(compressed)", "deflate, gzip;q=0.5") == (304, compressed))
            #expect(await poll(plain, nil) == (304, plain))
            #expect(await poll(plain, "br") == (304, plain))
            #expect(await poll("\(plain), \(compressed)", "gzip") == (304, compressed))
            #expect(await poll("\(plain), \(compressed)", nil) == (304, plain))
            #expect(await poll(compressed, nil) == (200, plain))
            #expect(await poll(compressed, "gzip;q=0") == (200, plain))
            #expect(await poll(plain, "gzip") == (200, compressed))
            #expect(await poll("*", "gzip").status == 304)
            #expect(await poll("*", nil).status == 304)
        }
        _ = await bench.answer(.send(user: "bob", to: "with-bob", #"{"content":"New"}"#))
        #expect(await poll(compressed, "gzip").status == 200)
        #expect(await poll(plain, nil).status == 200)
    }

    @Test("An idle poll with gzip is answered from memory, as one without")
    func idle() async throws {
        let bench = try await bench()
        for path in [Self.list, Self.thread, Self.single] {
            for coding in [Self.gzip, []] {
                let tag = try #require(await bench.answer(ask(path, coding)).value(of: "ETag"))
                let poll = ask(path, coding + [(.ifNoneMatch, tag)]).request
                guard case .response(let first) = bench.service.begin(poll),
                    case .response(let second) = bench.service.begin(poll)
                else {
                    Issue.record("not from memory: \(path)")
                    continue
                }
                #expect(first.status == 304 && first === second)
            }
        }
    }

    @Test(
        "A script of another origin that sets the condition itself may read the 304, and it is kept apart from the browser's"
    )
    func shownNotModified() async throws {
        let bench = try await bench { $0.cors = CORSPolicy(origins: ["https://app.example"]) }
        let page = Self.gzip + [(RequestField.origin, "https://app.example")]
        let tag = try #require(await bench.answer(ask(Self.list, page)).value(of: "ETag"))
        for _ in 1...2 {
            let own = await bench.answer(ask(Self.list, page + [(.ifNoneMatch, tag)]))
            let script = await bench.answer(ask(Self.list, page + [(.ifNoneMatch, tag), (.cacheControl, "no-cache")]))
            #expect(own.status == 304 && own.value(of: "Access-Control-Expose-Headers") == nil)
            #expect(script.status == 304 && script.value(of: "Access-Control-Expose-Headers") != nil)
        }
    }

    @Test("HEAD has the fields and the size of GET, whatever the coding", arguments: [list, thread, single])
    func head(path: String) async throws {
        let bench = try await bench()
        for coding in [Self.gzip, []] {
            let get = await bench.answer(ask(path, coding))
            let head = await bench.answer(ask(path, coding, method: .head))
            #expect(head.fields == get.fields && head.sizeOfBody == get.body.count && head.body.isEmpty)
        }
        #expect(bench.service.answerMemory.held == 0)
    }

    @Test("Small bodies go out as they are, with one tag for all clients")
    func small() async throws {
        let bench = try await bench()
        let paths = [
            Ask.thread("with-bob", "?limit=2"), Self.thread + "?since=8", "\(Ask.list)?messages=0&limit=1",
        ]
        for path in paths {
            let (plain, other) = (await bench.answer(ask(path)), await bench.answer(ask(path, Self.gzip)))
            #expect(plain.status == 200 && plain.body.count < 1024)
            #expect(plain.body == other.body && plain.fields == other.fields)
            let tag = try #require(plain.value(of: "ETag"))
            #expect(await bench.answer(ask(path, Self.gzip + [(.ifNoneMatch, tag)])).status == 304)
        }
        let refusing = await bench.answer(ask(paths[0], [(.acceptEncoding, "gzip, identity;q=0")]))
        let plain = await bench.answer(ask(paths[0]))
        #expect(gunzip(refusing.body) == plain.body)
        #expect(await bench.answer(ask(paths[0], [(.acceptEncoding, "identity;q=0")])).body == plain.body)
    }

    @Test("A message is answered compressed where it is large")
    func sending() async throws {
        let bench = try await bench()
        let text = String(repeating: "Hello! ", count: 200)
        let small = await bench.answer(.send(to: "with-bob", #"{"content":"Hi"}"#, Self.gzip))
        #expect(small.status == 201 && small.value(of: "Content-Encoding") == nil)
        let large = await bench.answer(.send(to: "with-bob", "{\"content\":\"\(text)\"}", Self.gzip))
        #expect(large.status == 201 && large.value(of: "Content-Encoding") == "gzip")
        let body = try #require(gunzip(large.body))
        #expect(String(decoding: body, as: UTF8.self).contains(text))
        let problem = await bench.answer(ask(Ask.thread("nowhere"), Self.gzip))
        #expect(problem.value(of: "Vary") == "X-User-ID, X-Tenant-ID, Origin")
    }

    @Test("A server that compresses nothing sends all bodies as they are, and takes the tags of them")
    func off() async throws {
        let bench = try await bench { $0.compresses = false }
        for path in [Self.list, Self.thread, Self.single] {
            let (plain, other) = (await bench.answer(ask(path)), await bench.answer(ask(path, Self.gzip)))
            #expect(plain.body == other.body && plain.fields == other.fields)
            #expect(plain.value(of: "Vary") == "X-User-ID, X-Tenant-ID, Origin")
            let tag = try #require(plain.value(of: "ETag"))
            #expect(await bench.answer(ask(path, Self.gzip + [(.ifNoneMatch, tag)])).status == 304)
            // Had it been compressed before, what was sent plain is still the same.
            #expect(await bench.answer(ask(path, [(.ifNoneMatch, "\(tag.dropLast())p\"")])).status == 304)
            #expect(await bench.answer(ask(path, Self.gzip + [(.ifNoneMatch, "\(tag.dropLast())z\"")])).status == 200)
        }
    }

    @Test("An answer counts in memory with the bytes that are kept")
    func memory() async throws {
        let bench = try await bench()
        for path in [Self.list, Self.thread, Self.single] {
            let answer = await bench.answer(ask(path, Self.gzip))
            #expect(bench.service.answerMemory.held == answer.body.count)
        }
        #expect(bench.service.answerMemory.held == 0)
    }

    @Test("A cut page in gzip is found again")
    func cutPage() async throws {
        let bench = try await bench { $0.mostAnswerBytes = 1200 }
        let page = await bench.answer(ask(Self.thread, Self.gzip))
        #expect(page.value(of: "Content-Encoding") == "gzip")
        let tag = try #require(page.value(of: "ETag"))
        #expect(tag.contains("."))
        #expect(await bench.answer(ask(Self.thread, Self.gzip + [(.ifNoneMatch, tag)])).status == 304)
        #expect(await bench.answer(ask(Self.thread, [(.ifNoneMatch, tag)])).status == 200)
    }

    /// Eve writes to Alice and sees how many bytes Alice's answers have. She must not learn what Bob wrote.
    @Test(
        "The size of a list says nothing of what conversations have in common",
        arguments: [list, "\(list)?since=", "\(list)?limit=1", "\(list)?messages=1"])
    func conversationsApart(path: String) async throws {
        let texts = ["the salary is 87,500 a year, from May on", "did they offer you 91,250 or even less?"]
        func size(_ bob: String, _ eve: String) async throws -> Int {
            let bench = try Bench()
            try bench.open("with-bob", "alice", "bob")
            try bench.open("with-eve", "alice", "eve")
            let cursor = await bench.answer(ask(Self.list)).value(of: "X-Cursor") ?? ""
            for number in 0..<12 {
                for (user, text) in [("bob", bob), ("eve", eve)] {
                    let content = number == 6 ? text : "\(number) of \(user)"
                    _ = await bench.answer(.send(user: user, to: "with-\(user)", "{\"content\":\"\(content)\"}"))
                }
            }
            let answer = await bench.answer(ask(path.hasSuffix("=") ? path + cursor : path, Self.gzip))
            return answer.body.count
        }
        // What each text takes by itself cancels out.
        let same = try await size(texts[0], texts[0]) + size(texts[1], texts[1])
        let different = try await size(texts[0], texts[1]) + size(texts[1], texts[0])
        #expect(same == different)
    }
}
