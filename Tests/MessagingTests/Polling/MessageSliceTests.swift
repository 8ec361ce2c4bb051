import Messaging
import Testing

@Suite("Message slices")
struct MessageSliceTests {
    @Test(
        "a slice takes the numbers it covers, both ends included",
        arguments: [(1, false), (2, true), (3, true), (4, true), (5, false)])
    func numbers(n: Int64, isTaken: Bool) {
        #expect(MessageSlice(2...4).contains(message(n, from: alice)) == isTaken)
        #expect(MessageSlice(2...4, .only(alice)).contains(message(n, from: alice)) == isTaken)
        #expect(MessageSlice(2...4, .except(bob)).contains(message(n, from: alice)) == isTaken)
    }

    @Test("A slice takes messages of all, of one user, or of all others")
    func authorship() {
        #expect(MessageSlice(1...1).contains(message(1, from: bob)))
        #expect(!MessageSlice(1...1, .only(alice)).contains(message(1, from: bob)))
        #expect(!MessageSlice(1...1, .except(bob)).contains(message(1, from: bob)))
    }
}
