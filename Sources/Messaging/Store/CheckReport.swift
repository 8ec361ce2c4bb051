/// The result of a check of a database.
public struct CheckReport: Sendable {
    /// A violation of an invariant.
    public struct Fault: Sendable, Equatable, CustomStringConvertible {
        /// The name of the invariant.
        public let invariant: String
        /// The violation and its first occurrence; a sentence.
        public let sentence: String

        /// Creates a fault.
        public init(invariant: String, sentence: String) {
            self.invariant = invariant
            self.sentence = sentence
        }

        /// Both in one line.
        public var description: String { "\(invariant): \(sentence)" }
    }

    /// The violations; empty for a sound database.
    public var faults: [Fault]
    /// How many conversations there are.
    public var conversations = 0
    /// How many messages there are.
    public var messages = 0

    /// Creates a check report.
    public init(faults: [Fault] = []) {
        self.faults = faults
    }
}
