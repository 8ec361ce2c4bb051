import MessagingHTTP
import TestSupport

/// A front end of one user: what it has on the screen, and the browser it runs in.
struct Client: Sendable {
    static let path = "/api/messages/conversations"

    let user: String
    /// How many messages it wants with each conversation.
    let embedded: Int
    var browser: Browser
    var list: MergedView<WireConversation>
    /// The conversations it has looked at by themselves, by the way it names them.
    var singles: [String: WireConversation] = [:]
    /// The open threads, by the way it names their conversations.
    var threads: [String: MergedView<WireMessage>] = [:]
    /// How many erasures there had been in their conversations when one of their cursors was last found to have expired.
    private var erasuresKnown: [String: Int] = [:]

    init(user: String, embedded: Int) {
        self.user = user
        self.embedded = embedded
        browser = Browser(user: user)
        // Some front ends ask for the list by the user's own id.
        let path = embedded.isMultiple(of: 2) ? Self.path : Self.path(user)
        // 20 is the default, and is left out so that plain URLs are asked for, too.
        list = MergedView(path: path, parameter: embedded == 20 ? "" : "messages=\(embedded)")
    }

    /// The path of a conversation.
    static func path(_ reference: String) -> String { "\(path)/\(PercentEncoding.encode(reference))" }

    /// The path of something about a conversation.
    static func path(_ reference: String, _ end: String) -> String { "\(path(reference))/\(end)" }

    mutating func pollList(_ chance: inout Generator, _ access: CheckedAccess) async throws {
        try await list.poll(&browser, &chance, access)
    }

    /// Asks for one conversation as browsers do, with the entity tag that it has.
    mutating func pollSingle(_ reference: String, _ chance: inout Generator, _ access: CheckedAccess) async throws {
        let parameter = embedded == 20 ? "" : "?messages=\(embedded)"
        let page = try await browser.get(Self.path(reference) + parameter, conditional: !chance.once(in: 4), access)
        singles[reference] = try parse(WireConversation.self, page.body)
    }

    /// Polls a thread, and begins it anew where its cursor has expired, which only an erasure in the conversation may bring about.
    mutating func pollThread(
        _ reference: String, erasures: Int, _ chance: inout Generator, _ access: CheckedAccess
    ) async throws {
        let begun = MergedView<WireMessage>(path: Self.path(reference, "messages"))
        var thread = threads[reference] ?? begun
        do {
            try await thread.poll(&browser, &chance, access)
        } catch let expired as Browser.Expired {
            try require(erasures > erasuresKnown[reference, default: 0], "\(user)'s cursor expired: \(expired.url)")
            thread = begun
            try await thread.poll(&browser, &chance, access)
            erasuresKnown[reference] = access.isSequential ? erasures : erasuresKnown[reference]
        }
        threads[reference] = thread
    }

    /// Follows a thread to its end, and begins it anew where its cursor has expired.
    mutating func completeThread(
        _ reference: String, erasures: Int, _ chance: inout Generator, _ access: CheckedAccess
    ) async throws {
        guard var thread = threads[reference] else { return }
        do {
            try await thread.followToEnd(&browser, &chance, access)
        } catch let expired as Browser.Expired {
            try require(erasures > erasuresKnown[reference, default: 0], "\(user)'s cursor expired: \(expired.url)")
            thread = MergedView(path: thread.path)
            try await thread.poll(&browser, &chance, access)
        }
        while thread.previous != nil { try await thread.fetchOlder(&browser, &chance, access) }
        threads[reference] = thread
    }
}
