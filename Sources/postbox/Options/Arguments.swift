import Messaging

extension Identifier {
    /// Reads an id from the command line.
    static func argument(_ text: String, _ name: String) throws -> Self {
        guard let id = Self(text) else {
            throw Failure.badUsage("\(name): an id has 1 to \(maximumLength) bytes and no control characters")
        }
        return id
    }
}
