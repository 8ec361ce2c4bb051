import MessagingHTTP

/// A front end of one user: what it has on the screen, and the browser it runs in.
struct Client: Sendable {
    static let path = "/api/messages/conversations"

    let user: String
    /// How many messages it wants with each conversation.
    let embedded: Int
    var browser: Browser
    var list: MergedView<WireConversation>
    /// The open threads, by the way it names their conversations.
    var threads: [String: MergedView<WireMessage>] = [:]

    init(user: String, embedded: Int) {
        self.user = user
        self.embedded = embedded
        browser = Browser(user: user)
        // 20 is the default, and is left out so that plain URLs are asked for, too.
        list = MergedView(path: Self.path, parameter: embedded == 20 ? "" : "messages=\(embedded)")
    }

    /// The path of something about a conversation.
    static func path(_ reference: String, _ end: String) -> String {
        "\(path)/\(PercentEncoding.encode(reference))/\(end)"
    }

    mutating func pollList(_ chance: inout Generator, _ access: CheckedAccess) async throws {
        try await list.poll(&browser, &chance, access)
    }

    mutating func pollThread(_ reference: String, _ chance: inout Generator, _ access: CheckedAccess) async throws {
        var thread = threads[reference] ?? MergedView(path: Self.path(reference, "messages"))
        try await thread.poll(&browser, &chance, access)
        threads[reference] = thread
    }
}
