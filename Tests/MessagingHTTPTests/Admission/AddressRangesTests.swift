import Testing

@testable import MessagingHTTP

/// Which addresses a range holds.
struct AddressRangesTests {
    @Test("An address lies in a range or it does not")
    func contains() throws {
        for (range, inside, outside) in [
            (
                "10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "::FFFF:10.1.2.3"],
                ["9.255.255.255", "11.0.0.0", "::10.1.2.3"]
            ),
            ("192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127", "192.0.3.128"]),
            ("192.0.2.7", ["192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207"], ["192.0.2.6", "192.0.2.70"]),
            ("192.0.2.7/32", ["192.0.2.7"], ["192.0.2.8"]),
            ("::ffff:192.0.2.7", ["192.0.2.7"], ["192.0.2.8"]),
            ("0.0.0.0/0", ["1.2.3.4", "::ffff:1.2.3.4"], ["::1", "2001:db8::1"]),
            ("::/0", ["::1", "2001:db8::1"], ["1.2.3.4", "::ffff:1.2.3.4"]),
            ("fd00::/8", ["fd00::1", "fdff:ffff::"], ["fc00::1", "fe00::1"]),
            ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1"]),
            ("::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2", "127.0.0.1"]),
            // Bits beyond the prefix do not count.
            ("10.9.8.7/8", ["10.0.0.1"], ["11.9.8.7"]),
        ] {
            let ranges = try #require(AddressRanges([range]))
            for address in inside { #expect(ranges.contains(address), "\(address) in \(range)") }
            for address in outside { #expect(!ranges.contains(address), "\(address) not in \(range)") }
        }
    }

    @Test("Loopback is this machine, however it is written, and nothing else")
    func loopback() {
        for address in ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"] {
            #expect(AddressRanges.loopback.contains(address))
        }
        for address in ["", "128.0.0.1", "::", "::2", "localhost", "::127.0.0.1", "0.0.0.0", "::ffff:126.0.0.1"] {
            #expect(!AddressRanges.loopback.contains(address))
        }
    }

    @Test("Text that is no address lies in no range, not even in 0.0.0.0/0 and ::/0")
    func noAddress() throws {
        let all = try #require(AddressRanges(["0.0.0.0/0", "::/0"]))
        for text in ["", " ", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 ", "1.2.3.256", "fe80::1%eth0", "a.example"] {
            #expect(!all.contains(text), "\(text)")
        }
        #expect(!AddressRanges().contains("127.0.0.1"))
    }

    @Test(
        "Text that is no address range is refused",
        arguments: [
            "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8/8",
            "10/8", "::/129",
            "localhost", "10.0.0.0/255.0.0.0", "10.0.0.0/99999999999999999999", "*", "10.0.0.0 /8",
            "::ffff:10.0.0.0/104",
        ])
    func refused(text: String) {
        #expect(AddressRanges([text]) == nil)
        #expect(AddressRanges(["127.0.0.1", text]) == nil)
    }
}
