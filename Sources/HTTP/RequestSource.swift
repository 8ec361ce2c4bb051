/// What a request's share of memory is counted for: its caller, where the handler knows who that is, or else the network it comes from.
package enum RequestSource: Hashable, Sendable {
    /// A caller, as a number that stands for them in this process.
    case caller(Int)
    case network(ClientNetwork)
}
