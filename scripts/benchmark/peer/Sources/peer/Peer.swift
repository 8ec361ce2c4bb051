import Foundation
import HTTPTypes
import Hummingbird
import JWTKit

/// The polls of Postbox as an application is ordinarily written with Hummingbird and GRDB: every request verifies its token and reads the
/// database. `scripts/bench --peers` measures it, with the data of one of Postbox's databases.
@main
struct Peer {
    /// Arguments: the database, and a file with the secret of the tokens.
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else {
            throw HTTPError(.badRequest, message: "usage: peer DATABASE SECRET-FILE")
        }
        let store = try Store(path: arguments[1])
        let keys = await JWTKeyCollection().add(
            hmac: HMACKey(from: try Data(contentsOf: URL(filePath: arguments[2]))), digestAlgorithm: .sha256)

        let router = Router(context: PeerContext.self)
        router.add(middleware: Authenticator(keys: keys))
        let conversations = router.group("api/messages/conversations")
        conversations.get { request, context in
            try await list(request, context, store)
        }
        conversations.get(":id/messages") { request, context in
            try await messages(request, context, store)
        }
        conversations.post(":id/messages") { request, context in
            try await send(request, context, store)
        }
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                print("peer: listening on http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
                fflush(nil)
            })
        try await application.runService()
    }

    /// The caller's conversations, latest activity first; only what the state is, where the client has that already.
    private static func list(_ request: Request, _ context: PeerContext, _ store: Store) async throws -> Response {
        let query = request.uri.queryParameters
        let limit = query.get("limit", as: Int.self) ?? 100
        let embedded = query.get("messages", as: Int.self) ?? 20
        guard 0...500 ~= limit, 0...100 ~= embedded else { throw HTTPError(.badRequest) }

        let viewer = context.user
        let known = request.headers[.ifNoneMatch]
        let (tag, conversations) = try await store.read { database in
            let tag = "\"\(try database.change(of: viewer)).\(limit).\(embedded).\(viewer)\""
            return (tag, tag == known ? nil : try database.conversations(of: viewer, limit: limit, embedded: embedded))
        }
        return try answer(conversations, tag: tag, request, context)
    }

    /// The newest messages of a conversation, or those that are new or were read since a cursor, oldest first.
    private static func messages(_ request: Request, _ context: PeerContext, _ store: Store) async throws -> Response {
        let query = request.uri.queryParameters
        let limit = query.get("limit", as: Int.self) ?? 100
        guard 1...500 ~= limit else { throw HTTPError(.badRequest) }
        let since = try query["since"].map { try Cursor($0) }

        let id = try context.parameters.require("id")
        let viewer = context.user
        let known = request.headers[.ifNoneMatch]
        let (tag, cursor, messages) = try await store.read { database in
            let conversation = try database.conversation(id, of: viewer)
            let tag = "\"\(conversation.cursor).\(since?.description ?? "").\(limit).\(id).\(viewer)\""
            if tag == known { return (tag, conversation.cursor, nil as [Message]?) }
            guard let since else {
                return (tag, conversation.cursor, try database.newest(limit, of: conversation, for: viewer))
            }
            let (messages, next) = try database.changes(since: since, atMost: limit, of: conversation, for: viewer)
            return (tag, next, messages)
        }
        return try answer(messages, tag: tag, cursor: cursor, request, context)
    }

    /// Stores a message. The transaction is on disk when the client is answered.
    private static func send(_ request: Request, _ context: PeerContext, _ store: Store) async throws -> Response {
        let id = try context.parameters.require("id")
        let body = try await request.decode(as: NewMessage.self, context: context)
        guard body.content.contains(where: { !$0.isWhitespace }) else { throw HTTPError(.unprocessableContent) }
        let viewer = context.user
        let message = try await store.write { database in
            try database.send(body.content, to: id, by: viewer)
        }
        var response = try context.responseEncoder.encode(message, from: request, context: context)
        response.status = .created
        return response
    }

    /// `304` where there is no body, because the client has it.
    private static func answer<Body: Encodable>(
        _ body: Body?, tag: String, cursor: Cursor? = nil, _ request: Request, _ context: PeerContext
    ) throws -> Response {
        var response =
            try body.map { try context.responseEncoder.encode($0, from: request, context: context) }
            ?? Response(status: .notModified)
        response.headers[.eTag] = tag
        response.headers[.cacheControl] = "private, no-cache"
        response.headers[.vary] = "Authorization"
        if let cursor, let name = HTTPField.Name("X-Cursor") { response.headers[name] = cursor.description }
        return response
    }
}
