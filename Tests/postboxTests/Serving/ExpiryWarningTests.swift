import Testing

@testable import postbox

@Suite("Warnings of a certificate that expires")
struct ExpiryWarningTests {
    private let day = 86_400

    /// Whether a warning is due at each of these moments, one after the other.
    private func warnings(expiry: Int, at moments: [Int]) -> [Bool] {
        var warning = ExpiryWarning()
        return moments.map { warning.isDue(expiry: expiry, now: $0) }
    }

    @Test("The warning comes from 14 days before the expiry on, and not before")
    func first() {
        #expect(warnings(expiry: 14 * day, at: [0, 1]) == [false, true])
    }

    @Test("The warning repeats daily, also after the expiry")
    func repetition() {
        let moments = [0, 1, day - 1, day, day + 1, 2 * day]
        #expect(warnings(expiry: day, at: moments) == [true, false, false, true, false, true])
    }

    @Test("A clock that is set back by months silences no warning")
    func setBack() {
        #expect(warnings(expiry: 101 * day, at: [100 * day, 90 * day]) == [true, true])
    }
}
