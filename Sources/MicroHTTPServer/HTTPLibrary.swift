import CMicroHTTPD

/// The version of libmicrohttpd that the process found, which need not be the one it was built with.
struct HTTPLibrary {
    /// Refuses a library whose way with heads and with memory is not known, or whose input does not come past us.
    static func check() throws(ServerError) {
        let version = MHD_get_version().map { String(cString: $0) } ?? "of no version"
        guard isKnown(version), receives_for_libraries() else { throw .unsafeLibrary(version) }
    }

    /// Whether this is 0.9.75 or later, and before the next version that may change either.
    static func isKnown(_ version: String) -> Bool {
        let parts = version.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        guard parts.count == 3, parts[2] >= 0 else { return false }
        return parts[..<2] == [1, 0] || (parts[..<2] == [0, 9] && parts[2] >= 75)
    }
}
