/// What a server is doing at one moment; the numbers are read one after another, not in one instant.
public struct ServerStatistics: Sendable, Equatable {
    /// Connections that are open.
    public internal(set) var openConnections = 0
    /// Requests whose request line has come in and whose response is not yet out.
    public internal(set) var openRequests = 0
    /// Those of them that wait for an answer from elsewhere.
    public internal(set) var suspendedRequests = 0
    /// Responses given since the server started, refusals included.
    public internal(set) var answeredRequests = 0
    /// Connections closed at once because their address had too many.
    public internal(set) var refusedConnections = 0
    /// Connections cut because a request took too long to come in.
    public internal(set) var cutConnections = 0
}
