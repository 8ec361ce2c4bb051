import MessagingHTTP

/// Tells addresses of this machine from all others.
enum Loopback {
    /// Whether only programs on this machine can reach this address.
    static func contains(_ host: String) -> Bool {
        host == "localhost" || AddressRanges.loopback.contains(host)
    }
}
