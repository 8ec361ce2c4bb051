import Foundation
import HTTP
import Messaging
import Testing

@testable import MessagingHTTP

@Suite("Problems")
struct ProblemTests {
    @Test("Every kind of problem has a type and a title of its own")
    func unique() {
        #expect(Set(ProblemKind.allCases.map(\.type)).count == ProblemKind.allCases.count)
        #expect(Set(ProblemKind.allCases.map(\.title)).count == ProblemKind.allCases.count)
    }

    /// Programs out there compare these; a renamed case must not rename them.
    @Test("The types and statuses of problems are the released ones")
    func stable() {
        let promised = [
            "malformed-request 400", "malformed-cursor 400", "unauthenticated 401", "sender-mismatch 403",
            "opening-forbidden 403", "not-found 404", "conversation-not-found 404", "polling-only 404",
            "method-not-allowed 405", "cursor-expired 410", "content-too-large 413",
            "unsupported-media-type 415", "invalid-message 422", "idempotency-conflict 422",
            "invalid-read-position 422",
            "overloaded 503", "store-unavailable 503", "stopping 503",
        ]
        let present = ProblemKind.allCases.map { "\($0.type) \($0.status)" }
        for line in promised { #expect(present.contains("urn:postbox:problem:\(line)")) }
    }

    @Test("The body of a problem has the status, and is JSON whatever its sentence", arguments: ProblemKind.allCases)
    func body(kind: ProblemKind) throws {
        let sentence = "A \"quoted\" \\ sentence\n about é."
        let response = Problem(kind, sentence, fields: [Response.Field("Retry-After", "1")]).response([
            Response.Field("Vary", "X-User-ID")
        ])
        let body = try object(response.body)
        #expect(response.status == kind.status)
        #expect(body["status"] as? Int == kind.status)
        #expect(body["type"] as? String == kind.type)
        #expect(body["title"] as? String == kind.title)
        #expect(body["detail"] as? String == sentence)
        #expect(response.value(of: "content-type") == "application/problem+json")
        #expect(response.value(of: "cache-control") == "no-store")
        #expect(response.value(of: "retry-after") == "1")
        #expect(response.value(of: "vary") == "X-User-ID")
        #expect((body["endpoints"] != nil) == (kind == .pollingOnly))
    }

    @Test(
        "errors of messaging become problems",
        arguments: [
            (MessagingError.conversationNotFound, ProblemKind.conversationNotFound),
            (.openingForbidden, .openingForbidden), (.openedTooOften, .rateLimited),
            (.invalidMessage("No."), .invalidMessage), (.contentTooLarge(limit: 7), .contentTooLarge),
            (.idempotencyConflict, .idempotencyConflict), (.invalidReadPosition, .invalidReadPosition),
            (.overloaded, .overloaded), (.storeUnavailable("secret"), .storeUnavailable),
        ])
    func messaging(error: MessagingError, kind: ProblemKind) {
        let problem = Problem(error)
        #expect(problem.kind == kind)
        #expect(!problem.detail.contains("secret"))
        #expect((problem.fields.contains { $0.name == "Retry-After" }) == [429, 503].contains(kind.status))
    }

    @Test("Errors of cursors and refusals of the server become problems")
    func others() {
        #expect(Problem(CursorError.malformed).kind == .malformedCursor)
        #expect(Problem(CursorError.expired).kind == .cursorExpired)
        #expect(Problem(TransportRefusal.bodyTooLarge(limit: 7)).kind == .contentTooLarge)
        #expect(Problem(TransportRefusal.stopping).kind == .stopping)
        #expect(Problem(TransportRefusal.headTooLarge).kind == .headTooLarge)
        #expect(Problem(TransportRefusal.tooManyBodies).kind == .overloaded)
        for refusal in [TransportRefusal.malformedHead, .invalidHost, .ambiguousLength, .malformedChunks] {
            #expect(Problem(refusal).kind == .malformedRequest)
        }
    }
}
