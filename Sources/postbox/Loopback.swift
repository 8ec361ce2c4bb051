/// Tells addresses of this machine from all others.
enum Loopback {
    /// Whether only programs on this machine can reach this address.
    static func contains(_ host: String) -> Bool {
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        let isIPv4 = octets.count == 4 && octets.allSatisfy { UInt8($0) != nil }
        return host == "localhost" || host == "::1" || (isIPv4 && octets[0] == "127")
    }
}
