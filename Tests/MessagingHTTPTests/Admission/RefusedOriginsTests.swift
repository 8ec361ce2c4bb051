import Testing

@testable import MessagingHTTP

@Suite("What is told of origins that were refused")
struct RefusedOriginsTests {
    private static let hour: Int64 = 3_600_000_000_000

    private func take(_ origins: RefusedOrigins, _ origin: String, at now: Int64) -> RefusedOrigin? {
        origins.take(Array(origin.utf8)[...], now: now)
    }

    @Test("each is told once an hour, with the flag that would allow it")
    func once() {
        let origins = RefusedOrigins()
        let news = RefusedOrigin(origin: "https://a.example", remedy: "--cors-origin https://a.example", others: 0)
        #expect(take(origins, "https://a.example", at: 5) == news)
        #expect(take(origins, "https://a.example", at: 6) == nil)
        #expect(take(origins, "https://a.example:8443", at: 6)?.remedy == "--cors-origin https://a.example:8443")
        #expect(take(origins, "https://a.example", at: 4 + Self.hour) == nil)
        #expect(take(origins, "https://a.example", at: 5 + Self.hour) == news)
    }

    @Test("null can be allowed only with all others, and what no browser sends is not told")
    func special() {
        let origins = RefusedOrigins()
        #expect(take(origins, "null", at: 0)?.remedy == "--cors-origin '*'")
        let forged = [
            "", "*", "https://a.example/", "https://a.example:443", "a\r\nb", "https://\u{1B}[2J", "https://$(reboot)",
            "https://" + String(repeating: "a", count: 5000),
        ]
        for origin in forged { #expect(take(origins, origin, at: 0) == nil, "\(origin)") }
    }

    @Test("however many origins are made up, so many are told in an hour, and the next one says how many were not")
    func bounded() {
        let origins = RefusedOrigins(capacity: 3)
        let told = (0..<10).compactMap { take(origins, "https://\($0)a.example", at: Int64($0)) }
        #expect(told.map(\.origin) == (0..<3).map { "https://\($0)a.example" })
        #expect(take(origins, "https://b.example", at: 9 + Self.hour)?.others == 7)
        #expect(take(origins, "https://c.example", at: 9 + Self.hour)?.others == 0)
    }
}
