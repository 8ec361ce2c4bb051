import HTTP
import MicroHTTPServer

/// The text of a request without a body.
func get(_ target: String, _ fields: String = "", method: String = "GET") -> String {
    "\(method) \(target) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n"
}

/// The text of a request with a body.
func post(_ target: String, _ body: String) -> String {
    get(target, "Content-Length: \(body.utf8.count)\r\n", method: "POST") + body
}

/// A server on a free port, already started.
func serve(
    _ handler: some RequestHandler, loops: Int = 1, configure: (inout ServerConfiguration) -> Void = { _ in }
) throws -> Server {
    var configuration = ServerConfiguration(port: 0, loops: loops)
    configure(&configuration)
    let server = try Server(configuration: configuration)
    try server.start(serving: handler)
    return server
}

/// Waits for something to become true; false if it does not within a minute.
func eventually(_ condition: () -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(60)
    while !condition() {
        if ContinuousClock.now > end { return false }
        await Task.yield()
        try? await Task.sleep(for: .milliseconds(2))
    }
    return true
}

func response(_ text: String, status: Int = 200, isShared: Bool = false) -> Response {
    Response(status: status, fields: [.init("X-Test", "yes")], body: Array(text.utf8), isShared: isShared)
}
