import Testing

@testable import MicroHTTPServer

@Suite("The probe's answers")
struct ProbeTests {
    private func answer(_ text: String) -> Probe.Answer? { Probe.Answer(response: Array(text.utf8)) }

    @Test("An answer has the status and the body of a response")
    func whole() {
        let answer = answer("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\nno\r\n\r\nno")
        #expect(answer?.status == 503)
        #expect(answer?.body == "no\r\n\r\nno")
        #expect(self.answer("HTTP/1.1 200\r\n\r\n")?.body == "")
    }

    @Test(
        "Other bytes are no answer",
        arguments: [
            "", "HTTP/1.1 200 OK\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
            "\u{15}\u{3}\u{3}\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "\r\n\r\n",
        ])
    func others(text: String) {
        #expect(answer(text) == nil)
    }
}
