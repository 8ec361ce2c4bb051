import HTTP
import Messaging

/// The resources of the service.
///
/// A new one takes a case here, an entry in the table below, and a file in Endpoints/ with its work.
enum Route: Int, CaseIterable, Sendable {
    case conversations
    /// The caller's list where the id is the caller's own, and otherwise one conversation. Only the caller's id tells which.
    case conversation
    case messages
    case read
    /// Sending to the user or conversation that the body names.
    case send
    case webSocket
    case health
    case readiness
    case descriptionInYAML
    case descriptionInJSON
    case moduleScript
    case moduleTypes
    case page

    /// The table of routes: the path of each, and what its methods do. How requests are limited and counted, which methods are allowed and
    /// what is logged follows from it.
    private var tableEntry: Entry {
        switch self {
        case .conversations:
            Entry(
                "/api/messages/conversations",
                [.get: .call(.conversations) { try ListConversations(context: $0).begin($2) }])
        case .conversation:
            Entry(
                "/api/messages/conversations/{id}",
                [.get: .call(.conversation) { try ShowConversation(context: $0).begin($1, $2) }])
        case .messages:
            Entry(
                "/api/messages/conversations/{id}/messages",
                [
                    .get: .call(.messages) { try ListMessages(context: $0).begin(try $1.conversation, $2) },
                    .post: .call(.send) { SendMessage(context: $0).begin(try $1.conversation, $2) },
                ])
        case .read:
            Entry(
                "/api/messages/conversations/{id}/read",
                [.put: Self.markAsRead, .post: Self.markAsRead, .patch: Self.markAsRead])
        case .send:
            Entry(
                "/api/messages/send",
                [.post: .call(.send) { context, _, call in SendMessage(context: context).begin(nil, call) }])
        case .webSocket:
            Entry("/ws/*", [.get: .refusal(.pollingOnly)])
        case .health:
            Entry("/healthz", [.get: .probe { try Probes(context: $0).health($1) }])
        case .readiness:
            Entry("/readyz", [.get: .probe { Probes(context: $0).readiness($1) }])
        case .descriptionInYAML:
            Entry("/openapi.yaml", [.get: .document { try $0.description(.yaml, $1) }])
        case .descriptionInJSON:
            Entry("/openapi.json", [.get: .document { try $0.description(.json, $1) }])
        case .moduleScript:
            Entry("/postbox.js", [.get: .document { try $0.module(.script, $1) }])
        case .moduleTypes:
            Entry("/postbox.d.ts", [.get: .document { try $0.module(.types, $1) }])
        case .page:
            Entry("/", [.get: .document { try $0.page($1) }])
        }
    }

    private static let markAsRead = Action.call(.read) { MarkAsRead(context: $0).begin(try $1.conversation, $2) }

    /// What a method does at a route.
    enum Action: Sendable {
        /// Works for a caller, who is identified and counted first: requests with a safe method as polls, and others as sends.
        case call(Endpoint, @Sendable (Context, RequestedRoute, Call) throws -> Step)
        /// Answers anyone with a document; counted for each network.
        case document(@Sendable (Documents, Request) throws -> Step)
        /// Answers anyone with a state of the service; not counted.
        ///
        /// The fields are those that every response to the request carries.
        case probe(@Sendable (Context, [Response.Field]) throws -> Step)
        /// Refuses a request, as the route does with any other method: a WebSocket client must learn at once that there is no WebSocket,
        /// whatever it sends.
        case refusal(Problem)
    }

    private struct Entry {
        let template: PathTemplate
        let actions: KeyValuePairs<Method, Action>

        /// - Parameter actions: what each method does; `HEAD` does what `GET` does, and `OPTIONS` is known everywhere.
        init(_ template: String, _ actions: KeyValuePairs<Method, Action>) {
            self.template = PathTemplate(template)
            self.actions = actions
        }
    }

    private static let table = allCases.map(\.tableEntry)

    private var entry: Entry { Self.table[rawValue] }
}

extension Route {
    /// Finds the route of a raw path, and the segment that stands for an id, still encoded; nil where the path has no route.
    static func find(_ path: ArraySlice<UInt8>) -> (Route, id: ArraySlice<UInt8>)? {
        for (route, entry) in zip(allCases, table) {
            if let id = entry.template.match(path) { return (route, id) }
        }
        return nil
    }

    /// What a method does here; nil where it is not allowed.
    subscript(method: Method) -> Action? {
        let method = method == .head ? .get : method
        return entry.actions.first { $0.key == method }?.value
    }

    /// What a method does here.
    ///
    /// - Throws: `method-not-allowed`, or what the route refuses all requests with.
    func action(for method: Method) throws(Problem) -> Action {
        if case .refusal(let problem)? = self[.get] { throw problem }
        guard let action = self[method] else {
            throw Problem(
                .methodNotAllowed, "This method is not allowed here. Allowed: \(allow).",
                fields: [Response.Field("Allow", allow)])
        }
        return action
    }

    /// The methods it knows.
    var methods: [Method] { entry.actions.flatMap { $0.key == .get ? [.get, .head] : [$0.key] } + [.options] }

    /// The methods it knows, as `Allow` lists them (RFC 9110, section 10.2.1).
    var allow: String { methods.map(\.name).joined(separator: ", ") }

    /// The path.
    ///
    /// - Parameter id: the segment that stands for an id, where the path has one; not yet encoded.
    func path(id: String = "") -> String { path(encodedID: PercentEncoding.encode(id)) }

    /// The path with a segment for its id that needs no encoding.
    func path(encodedID: String) -> String { entry.template.path(with: encodedID) }

    /// The four endpoints, for people.
    static let endpoints = [(Method.get, conversations), (.get, messages), (.post, messages), (.put, read)].map {
        "\($0.name) \($1.path(encodedID: "{id}"))"
    }

    /// Whether a raw path is an endpoint's, or looks like one: errors in it are reported to callers only.
    static func needsCaller(_ path: ArraySlice<UInt8>) -> Bool {
        path.prefix(base.count).hasSameBytes(as: base[...]) || path.hasSameBytes(as: sending[...])
    }

    private static let base = Array(conversations.path().utf8)
    private static let sending = Array(send.path().utf8)
}
