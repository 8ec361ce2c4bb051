/// A broken law: what was expected, and what came instead.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

/// Throws a violation unless the condition holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw Violation(description: message()) }
}

extension Optional {
    /// The value; without one, the law is broken.
    func orViolation(_ message: @autoclosure () -> String) throws -> Wrapped {
        guard let self else { throw Violation(description: message()) }
        return self
    }
}
