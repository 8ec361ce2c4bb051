import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("The description and the program")
struct DescriptionTests {
    private let described: DescribedService

    private static let routes = Route.allCases.filter { ![.moduleScript, .moduleTypes, .page].contains($0) }

    init() throws {
        described = try DescribedService()
    }

    private static func template(_ route: Route) -> String {
        route.path(encodedID: "{id}")
    }

    /// What can go wrong at a route, besides what can go wrong anywhere; without a default, so that no new route is forgotten.
    private static func problems(at route: Route, _ method: HTTP.Method) -> [ProblemKind] {
        let polled: [ProblemKind] = [
            .malformedCursor, .unauthenticated, .cursorExpired, .rateLimited, .overloaded,
            .storeUnavailable,
        ]
        let written: [ProblemKind] = [
            .crossSite, .unauthenticated, .unsupportedMediaType, .invalidMessage, .rateLimited, .overloaded,
            .storeUnavailable,
        ]
        switch (route, method) {
        case (_, .options): return []
        case (.conversations, _): return polled
        case (.messages, .post):
            return written + [.senderMismatch, .openingForbidden, .conversationNotFound, .idempotencyConflict]
        case (.send, _):
            return written
                + [
                    .senderMismatch, .openingForbidden, .conversationNotFound, .idempotencyConflict,
                    .ambiguousRecipient,
                ]
        case (.conversation, _), (.messages, _): return polled + [.conversationNotFound]
        case (.read, _): return written + [.conversationNotFound, .invalidReadPosition]
        case (.webSocket, _): return [.pollingOnly]
        case (.readiness, _): return [.storeUnavailable]
        case (.health, _): return [.overloaded]
        case (.descriptionInYAML, _), (.descriptionInJSON, _), (.moduleScript, _), (.moduleTypes, _), (.page, _):
            return [.rateLimited]
        }
    }

    private static func successes(at route: Route, _ method: HTTP.Method) -> [Int] {
        switch (route, method) {
        case (_, .options): [204]
        case (.conversations, _), (.conversation, _), (.descriptionInYAML, _), (.descriptionInJSON, _),
            (.moduleScript, _), (.moduleTypes, _), (.page, _):
            [200, 304]
        case (.messages, .post), (.send, _): [201]
        case (.messages, _): [200, 304]
        case (.read, _), (.health, _), (.readiness, _): [200]
        case (.webSocket, _): []
        }
    }

    @Test("The description has the paths and methods of the program")
    func paths() throws {
        let present = Self.routes.flatMap { route in route.methods.map { "\($0.name) \(Self.template(route))" } }
        #expect(Set(described.operations.map(\.name)) == Set(present))
        for operation in described.operations {
            let path = operation.path.replacing("{id}", with: "conv-456")
            #expect(try Self.routes.contains(RequestedRoute(Array(path.utf8)[...]).route), "\(operation.path)")
        }
    }

    @Test(
        "the page is for people, and the module is a client itself: no client is to be generated for them",
        arguments: [Route.page, .moduleScript, .moduleTypes])
    func undescribed(route: Route) {
        #expect(!described.operations.contains { $0.path == route.path() })
    }

    @Test("The description has the statuses of the program, each for the same problems", arguments: routes)
    func statuses(route: Route) throws {
        let anywhere: [ProblemKind] = [
            .malformedRequest, .contentTooLarge, .misdirectedRequest, .headTooLarge, .stopping,
        ]
        for method in route.methods {
            let operation = try described.operation(method.name, Self.template(route))
            let kinds = Self.problems(at: route, method) + anywhere
            let expected = Set(kinds.map(\.status) + Self.successes(at: route, method))
            #expect(Set(operation.responses.keys) == expected, "\(operation.name)")
            for (status, response) in operation.responses {
                let shown = described.problems(of: response).compactMap { $0["type"] as? String }
                let expected = kinds.filter { $0.status == status }.map(\.type)
                #expect(shown.sorted() == expected.sorted(), "\(operation.name) \(status)")
            }
        }
    }

    @Test("The description has the problem types of the program, with their titles and statuses")
    func problemTypes() {
        let types = described.node("#/components/schemas/ProblemType")["enum"] as? [String]
        #expect(types == ProblemKind.allCases.map(\.type))
        // Generators give the types these names, by their order.
        let names = described.node("#/components/schemas/ProblemType")["x-enum-varnames"] as? [String]
        #expect(names == ProblemKind.allCases.map { $0.rawValue.uppercased().replacing("-", with: "_") })
        let examples = described.node("#/components/responses").values.flatMap { response in
            described.problems(of: response as? DescribedService.Object ?? [:])
        }
        for kind in ProblemKind.allCases {
            let shown = examples.filter { $0["type"] as? String == kind.type }
            #expect(!shown.isEmpty, "\(kind)")
            for example in shown {
                #expect(example["title"] as? String == kind.title)
                #expect(example["status"] as? Int == kind.status)
            }
        }
    }

    @Test("The description has the query parameters of the program, with their limits")
    func query() throws {
        let inQueries = described.operations.flatMap(\.parameters).filter { $0["in"] as? String == "query" }
        let names = inQueries.compactMap { $0["name"] as? String } + schemeNames(in: "query")
        #expect(Set(names) == Set(Query.Parameter.allCases.map(\.rawValue)))

        let limit = described.node("#/components/parameters/Limit/schema")
        #expect(limit["minimum"] as? Int == Query.limits.lowerBound)
        #expect(limit["maximum"] as? Int == Query.limits.upperBound)
        #expect(limit["default"] as? Int == ListMessages.defaultLimit)
        #expect(limit["default"] as? Int == ListConversations.defaultLimit)
        let messages = described.node("#/components/parameters/EmbeddedMessages/schema")
        #expect(messages["minimum"] as? Int == Query.embeddedMessages.lowerBound)
        #expect(messages["maximum"] as? Int == Query.embeddedMessages.upperBound)
        #expect(messages["default"] as? Int == ListConversations.defaultMessages)
    }

    /// What a request to a route may carry besides its path; without a default, so that no new route is forgotten.
    private static func parameters(at route: Route, _ method: HTTP.Method) -> Set<String> {
        let condition: Set = ["header If-None-Match"]
        // HEAD is answered at once.
        let wait: Set = method == .get ? ["header Prefer"] : []
        let polled = wait.union(["query limit", "query since", "query before"])
        switch (route, method) {
        case (_, .options):
            return ["header Origin", "header Access-Control-Request-Method", "header Access-Control-Request-Headers"]
        case (.conversations, _), (.conversation, _): return polled.union(condition).union(["query messages"])
        case (.messages, .post), (.send, _): return ["header Idempotency-Key"]
        case (.messages, _): return polled.union(condition)
        case (.descriptionInYAML, _), (.descriptionInJSON, _), (.moduleScript, _), (.moduleTypes, _), (.page, _):
            return condition
        case (.read, _), (.webSocket, _), (.health, _), (.readiness, _): return []
        }
    }

    @Test("The description has the parameters of each operation", arguments: routes)
    func parameters(route: Route) throws {
        for method in route.methods {
            let operation = try described.operation(method.name, Self.template(route))
            let shown = operation.parameters.compactMap { parameter -> String? in
                guard let place = parameter["in"] as? String, let name = parameter["name"] as? String else {
                    return nil
                }
                return place == "path" || name == RequestID.fieldName ? nil : "\(place) \(name)"
            }
            #expect(shown.count == Set(shown).count)
            #expect(Set(shown) == Self.parameters(at: route, method), "\(operation.name)")
        }
    }

    @Test("The description has the limits of what is sent")
    func sizes() {
        // The limit counts bytes and is the operator's to set: a maxLength would be another limit.
        let content = described.node("#/components/schemas/Content")
        #expect(content["maxLength"] == nil)
        #expect((content["description"] as? String)?.contains("\(MessageContent.defaultLimit) bytes") == true)
        let sent = "#/components/schemas/NewMessage/properties"
        let keyLength = described.node("\(sent)/clientMessageId")["maxLength"] as? Int
        #expect(keyLength == IdempotencyKey.maximumLength)
        let field = described.node("#/components/parameters/IdempotencyKey/schema")
        #expect(field["maxLength"] as? Int == IdempotencyKey.maximumLength + "\"\"".count)
        #expect(described.node("\(sent)/receiverId")["maxLength"] as? Int == UserID.maximumLength)
        #expect(described.node("\(sent)/participantIds")["maxItems"] as? Int == NewConversation.largestGroup)
    }

    @Test("The description has the request header fields of the program")
    func requestFields() {
        let inHeaders = described.operations.flatMap(\.parameters).filter { $0["in"] as? String == "header" }
        var names = inHeaders.compactMap { $0["name"] as? String } + schemeNames(in: "header")
        // A description has other words for these.
        if described.node("#/components/securitySchemes/bearer")["scheme"] as? String == "bearer" {
            names.append("Authorization")
        }
        if described.operations.contains(where: \.hasBody) { names += ["Content-Type", "Content-Encoding"] }
        // No client of a service sets these: HTTP, browsers and proxies do.
        let byOthers: Set<RequestField> = [
            .acceptEncoding, .cacheControl, .host, .secFetchSite, .forwardedHost, .forwardedProto, .forwardedFor,
        ]
        let byClients = Set(RequestField.allCases).subtracting(byOthers)
        #expect(Set(names.map { $0.lowercased() }) == Set(byClients.map { "\($0.name)" }))
    }

    @Test("every request may be named, and every answer may say the name")
    func requestNames() {
        for operation in described.operations {
            let last = operation.parameters.last
            #expect(last?["name"] as? String == RequestID.fieldName, "\(operation.name)")
            for (status, response) in operation.responses {
                let headers = response["headers"] as? DescribedService.Object ?? [:]
                #expect(headers[RequestID.fieldName] != nil, "\(operation.name) \(status)")
            }
        }
    }

    @Test("whatever has an entity tag takes If-None-Match, and nobody has to send it")
    func conditions() {
        for operation in described.operations {
            let condition = operation.parameters.first { $0["name"] as? String == "If-None-Match" }
            #expect((condition != nil) == (operation.responses[304] != nil), "\(operation.name)")
            #expect(condition?["required"] as? Bool != true)
        }
    }

    @Test("who is asking matters at the four endpoints, and nowhere else")
    func security() {
        for operation in described.operations {
            let isOpen = operation.method == "OPTIONS" || !operation.path.hasPrefix("/api/")
            #expect(operation.security.isEmpty == isOpen, "\(operation.name)")
        }
    }

    @Test("every response header field that pages may read is described")
    func exposedFields() {
        let names = Set(
            described.node("#/components/responses").values.flatMap { response in
                ((response as? DescribedService.Object)?["headers"] as? DescribedService.Object ?? [:]).keys
            })
        let exposed = CORSPolicy.exposed.split(separator: ", ").map(String.init)
        #expect(Set(exposed).isSubset(of: names))
    }

    private func schemeNames(in place: String) -> [String] {
        described.node("#/components/securitySchemes").values.compactMap { scheme in
            let scheme = scheme as? DescribedService.Object ?? [:]
            return scheme["in"] as? String == place ? scheme["name"] as? String : nil
        }
    }
}
