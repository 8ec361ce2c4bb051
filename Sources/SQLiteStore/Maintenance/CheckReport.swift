/// What a check of a database found.
public struct CheckReport: Sendable {
    /// Something that should hold and does not.
    public struct Fault: Sendable, Equatable, CustomStringConvertible {
        /// The name of what should hold.
        public let invariant: String
        /// What does not, and where first; a sentence.
        public let sentence: String

        /// Both in one line.
        public var description: String { "\(invariant): \(sentence)" }
    }

    /// What is broken; empty for a database that is as it should be.
    public internal(set) var faults: [Fault] = []
    /// How many conversations there are.
    public internal(set) var conversations = 0
    /// How many messages there are.
    public internal(set) var messages = 0
}
