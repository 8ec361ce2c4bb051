import Messaging

/// What a request's share of memory is counted for: its caller, where memory knows who that is, or else the network it comes from.
public enum RequestSource: Hashable, Sendable {
    case caller(Caller)
    case network(ClientNetwork)
}
