import Testing

@testable import postbox

@Suite("Warnings of a certificate that expires")
struct ExpiryWarningTests {
    private let day = 86_400

    @Test("The warning comes from 14 days before the expiry on, and not before")
    func first() {
        var warning = ExpiryWarning()
        #expect(!warning.isDue(expiry: 14 * day, now: 0))
        #expect(warning.isDue(expiry: 14 * day, now: 1))
    }

    @Test("The warning repeats daily, also after the expiry")
    func repetition() {
        var warning = ExpiryWarning()
        #expect(warning.isDue(expiry: day, now: 0))
        #expect(!warning.isDue(expiry: day, now: 1))
        #expect(!warning.isDue(expiry: day, now: day - 1))
        #expect(warning.isDue(expiry: day, now: day))
        #expect(!warning.isDue(expiry: day, now: day + 1))
        #expect(warning.isDue(expiry: day, now: 2 * day))
    }

    @Test("A clock that is set back by months silences no warning")
    func setBack() {
        var warning = ExpiryWarning()
        #expect(warning.isDue(expiry: 101 * day, now: 100 * day))
        #expect(warning.isDue(expiry: 101 * day, now: 90 * day))
    }
}
