import Testing

@testable import MessagingHTTP

@Suite("Origins that an operator can name")
struct WebOriginTests {
    /// What is said of a text; nil where it is an origin.
    private func fault(_ text: String) -> WebOriginFault? {
        do {
            _ = try WebOrigin(text)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "what browsers and apps send is taken as it is",
        arguments: [
            "https://app.example", "http://localhost:4200", "https://app.example:8443", "http://app.example:443",
            "https://app.example:80", "http://127.0.0.1:1", "http://[::1]:4200", "https://[2001:db8::1]",
            "https://[::ffff:7f00:1]", "http://[1:0:2:3:4:5:6:7]", "http://[::]", "https://xn--bcher-kva.example",
            "https://app.example.", "https://a_b.example",
            "http://intranet", "https://a.b.c.example:65535", "capacitor://localhost", "ionic://localhost",
            "tauri://localhost", "app://.", "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
            "moz-extension://6ccf5b4c-0d8a-4d3c-9b5d-7f1f1f1f1f1f", "capacitor://localhost:8080",
            "safari-web-extension://0B2A5C7E-0000-4000-8000-00000000ABCD",
        ])
    func taken(text: String) throws {
        #expect(try WebOrigin(text).text == text)
    }

    private static let corrections: [(String, String)] = [
        ("https://app.example:443", "https://app.example"), ("http://app.example:80", "http://app.example"),
        ("https://app.example/", "https://app.example"), ("https://app.example/a?b#c", "https://app.example"),
        ("https://app.example?", "https://app.example"), ("https://app.example\\a", "https://app.example"),
        ("https://App.Example", "https://app.example"), ("HTTPS://app.example", "https://app.example"),
        ("https://user:password@app.example", "https://app.example"),
        (" https://app.example\n", "https://app.example"),
        ("https://app.example:", "https://app.example"), ("https://app.example:08443", "https://app.example:8443"),
        ("https://b\u{FC}cher.example", "https://xn--bcher-kva.example"),
        ("https://bu\u{308}cher.example", "https://xn--bcher-kva.example"),
        ("https://B\u{DC}CHER.example:443/", "https://xn--bcher-kva.example"),
        ("https://stra\u{DF}e.example", "https://xn--strae-oqa.example"),
        ("https://\u{4F8B}\u{3048}\u{3002}\u{30C6}\u{30B9}\u{30C8}", "https://xn--r8jz45g.xn--zckzah"),
        ("https://\u{FF41}pp.example", "https://app.example"),
        ("http://127.1:4200", "http://127.0.0.1:4200"), ("http://0x7f.0.0.1", "http://127.0.0.1"),
        ("http://2130706433", "http://127.0.0.1"), ("http://127.0.0.1.", "http://127.0.0.1"),
        ("http://010.0.0.1", "http://8.0.0.1"),
        ("http://[0:0:0:0:0:0:0:1]:4200", "http://[::1]:4200"), ("http://[::FFFF]", "http://[::ffff]"),
        ("http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]"),
        ("http://[1:0:0:2:0:0:0:3]", "http://[1:0:0:2::3]"),
        ("http://[0:0:1:0:0:2:3:4]", "http://[::1:0:0:2:3:4]"),
        ("ws://app.example", "http://app.example"),
        ("wss://app.example", "https://app.example"),
        ("app.example", "https://app.example"), ("localhost:4200", "http://localhost:4200"),
        ("localhost:80", "http://localhost"), ("app.example:443", "https://app.example"),
        ("CAPACITOR://localhost", "capacitor://localhost"), ("capacitor://localhost/", "capacitor://localhost"),
    ]

    @Test("what differs from it is refused with the form that is sent", arguments: corrections)
    func corrected(text: String, correction: String) throws {
        #expect(fault(text)?.correction == correction)
        #expect(try WebOrigin(correction).text == correction)
    }

    private static let mistakes: [(String, String)] = [
        ("", "empty"), (" ", "empty"), ("null", "stands for anybody"),
        ("https://*.example.org", "* stands for nothing"),
        ("*.example.org", "* stands for nothing"), ("https://*", "* stands for nothing"),
        ("https://app.example:*", "from 1 to 65535"), ("https://app.example:x", "from 1 to 65535"),
        ("https://app.example:0", "from 1 to 65535"), ("https://app.example:65536", "from 1 to 65535"),
        ("https://app.example:-1", "from 1 to 65535"), ("https://app.example:\u{661}", "from 1 to 65535"),
        ("https://app.example:99999999999999999999", "from 1 to 65535"),
        ("https://a.example,https://b.example", "once for each"), ("https://", "no host"),
        ("https:///a", "no host"),
        ("https://:443", "no host"), ("https://a b.example", "no host name"),
        ("https://a..example", "no host name"),
        ("https://.example", "no host name"), ("https://a%20b.example", "no host name"),
        ("https://app.example..", "no host name"), ("https://a\u{200B}b.example", "no host name"),
        ("https://$(reboot)", "no host name"),
        ("https://1.2.3.4.5", "no IPv4 address"), ("https://256.0.0.1", "no IPv4 address"),
        ("https://a.1", "no IPv4 address"), ("https://[::1", "not closed"), ("https://[::1]x", "between"),
        ("https://[fe80::1%eth0]", "no IPv6 address"), ("https://[127.0.0.1]", "no IPv6 address"),
        ("https://::1:4200", "in brackets"), ("file:///index.html", "null"), ("ftp://app.example", "no page"),
        ("blob://app.example", "no page"), ("htps://app.example", "neither http nor https"),
        ("://app.example", "scheme"), ("1a://app.example", "scheme"), ("https:app.example", "https://"),
        ("https:/app.example", "https://"), ("capacitor://", "no host"), ("capacitor://*", "* stands for nothing"),
        ("capacitor://b\u{FC}cher", "no host name"),
    ]

    @Test("what nobody can have meant is refused, with the reason", arguments: mistakes)
    func refused(text: String, reason: String) throws {
        let found = try #require(fault(text))
        #expect(found.correction == nil)
        #expect(found.description.contains(reason), "\(found)")
        #expect(text.unicodeScalars.contains("\u{200B}") || found.description.contains("\"\(text)\""))
    }

    @Test("a host is no longer than names are")
    func long() {
        #expect(fault("https://" + String(repeating: "a", count: 253)) == nil)
        #expect(fault("https://" + String(repeating: "a", count: 254)) != nil)
    }

    @Test("a host that is not ASCII is no longer than four times that, before it is mapped")
    func longBeforeMapping() {
        // Three letters, nine bytes, are one syllable, and that is one letter of Punycode.
        let syllable = "\u{1112}\u{1161}\u{11AB}"
        #expect(fault("https://" + String(repeating: syllable, count: 112))?.correction != nil)
        let longer = fault("https://" + String(repeating: syllable, count: 113))
        #expect(longer != nil && longer?.correction == nil)
    }

    @Test("what is shown of it steers no terminal")
    func shown() {
        #expect(fault("https://a\u{1B}[2J\u{202E}")?.description.hasPrefix("\"https://a\\u{1b}[2J\\u{202e}\" ") == true)
    }

    @Test("those of the browser's own machine are told by their host, whatever their port")
    func loopback() throws {
        for text in [
            "http://localhost", "http://localhost:4200", "https://localhost:3000", "http://app.localhost:1",
            "http://127.0.0.1:5173", "https://127.255.0.3", "http://[::1]:8100",
        ] {
            #expect(try WebOrigin(text).isOfLoopback, "\(text)")
        }
        for text in [
            "https://app.example", "http://localhost.example", "http://127.0.0.1.example", "http://10.0.0.1:4200",
            "http://[::2]", "capacitor://localhost", "http://notlocalhost",
        ] {
            #expect(try !WebOrigin(text).isOfLoopback, "\(text)")
        }
    }
}
