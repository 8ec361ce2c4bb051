import HTTP
import Testing

@testable import MessagingHTTP

@Suite("Accept-Encoding")
struct AcceptedCodingTests {
    private func coding(_ values: String..., isOn: Bool = true) -> AcceptedCoding {
        AcceptedCoding.of(request(.get, "/", values.map { (.acceptEncoding, $0) }), isOn: isOn)
    }

    @Test(
        "gzip is used where it is accepted and nothing else is preferred",
        arguments: [
            "gzip", "GZip", "x-gzip", "gzip, deflate, br, zstd", "deflate,gzip", " gzip\t;\tq=0.1 ", "gzip;Q=1",
            "*", "*;q=0.5", "br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip;q=1.000", "gzip;q=0.001", "identity;q=0.5, gzip",
            "identity, gzip", "deflate;q=0, gzip", ",, gzip ,", "gzip;q=0.5, deflate;q=x", "br, *;q=0.1",
        ])
    func accepted(value: String) {
        #expect(coding(value) == .gzip)
    }

    @Test(
        "Without gzip, with gzip refused or less wanted than identity, and with what cannot be read there is no coding",
        arguments: [
            "", "identity", "deflate, br", "gzip;q=0", "gzip;q=0.000", "gzip;q=0, *", "*;q=0", "identity;q=0",
            "gzip;q=0, identity;q=0", "gzip;q=0.5, identity", "gzip;q=0.5, identity;q=0.501", "*, gzip;q=0.9",
            "gzip;q=2", "gzip;q=1.001", "gzip;q=0.0001", "gzip;q=", "gzip;q", "gzip;", "gzip;q=.5", "gzip;q=-1",
            "gzip;level=1",
            "gzip q=1", "gzipp", "gzi", "g", "gzip deflate", "\"gzip\"", "\u{FF}", "q=1", ";q=1",
        ])
    func refused(value: String) {
        #expect(coding(value) == .identity)
    }

    @Test(
        "Who refuses identity gets gzip whatever the size",
        arguments: [
            "gzip, identity;q=0", "identity;q=0, *", "gzip, *;q=0", "gzip;q=0.1, *;q=0.000", "identity;q=0.0, gzip",
        ])
    func gzipOnly(value: String) {
        #expect(coding(value) == .gzipOnly)
    }

    @Test("Several lines are one list, and none asks for nothing")
    func lines() {
        #expect(coding() == .identity)
        #expect(coding("br", "gzip") == .gzip)
        #expect(coding("gzip", "identity;q=0") == .gzipOnly)
    }

    @Test("A server that compresses nothing has one form of each body")
    func off() {
        for value in ["gzip", "gzip, identity;q=0", ""] {
            #expect(coding(value, isOn: false) == .off)
        }
        #expect(AcceptedCoding.off.form(size: 1 << 20) == .only)
    }

    @Test("Bodies are compressed from 1 KiB on")
    func sizes() {
        #expect(AcceptedCoding.gzip.form(size: 1023) == .only)
        #expect(AcceptedCoding.gzip.form(size: 1024) == .gzip)
        #expect(AcceptedCoding.identity.form(size: 1023) == .only)
        #expect(AcceptedCoding.identity.form(size: 1024) == .plain)
        #expect(AcceptedCoding.gzipOnly.form(size: 2) == .gzip)
    }

    @Test("The form that a body goes out in is one that the client may hold")
    func forms() {
        for coding in [AcceptedCoding.off, .identity, .gzip, .gzipOnly] {
            for size in [0, 1023, 1024] { #expect(coding.forms.contains(coding.form(size: size))) }
        }
    }
}
