/// What a request's share of memory is counted for: its caller, where the handler knows who that is, or else the network it comes from.
public enum RequestSource: Hashable, Sendable {
    /// A caller, as a number that the handler chooses. It is the same for all requests of the caller while the process runs; callers whose
    /// numbers happen to be equal share what is counted.
    case caller(Int)
    /// The network of the client: that of the peer, or the one that a trusted proxy names.
    case network(ClientNetwork)
}
