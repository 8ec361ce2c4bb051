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

    mutating func pollThread(_ reference: String, _ chance: inout Generator, _ access: CheckedAccess) async throws {
        var thread = threads[reference] ?? MergedView(path: Self.path(reference, "messages"))
        try await thread.poll(&browser, &chance, access)
        threads[reference] = thread
    }
}
