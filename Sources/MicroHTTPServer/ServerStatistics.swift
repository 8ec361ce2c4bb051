/// What a server is doing at one moment; the numbers are read one after another, not in one instant.
package struct ServerStatistics: Sendable, Equatable {
    /// Connections that are open.
    package internal(set) var openConnections = 0
    /// Requests whose request line has come in and whose response is not yet out.
    package internal(set) var openRequests = 0
    /// Those of them that wait for an answer from elsewhere.
    package internal(set) var suspendedRequests = 0
    /// Responses given since the server started, refusals included.
    package internal(set) var answeredRequests = 0
    /// Connections closed at once because their address had too many.
    package internal(set) var refusedConnections = 0
    /// Connections cut because a request took too long to come in.
    package internal(set) var cutConnections = 0
}
