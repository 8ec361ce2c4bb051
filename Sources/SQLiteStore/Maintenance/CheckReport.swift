/// What a check of a database found.
package struct CheckReport: Sendable {
    /// Something that should hold and does not.
    package struct Fault: Sendable, Equatable, CustomStringConvertible {
        /// The name of what should hold.
        package let invariant: String
        /// What does not, and where first; a sentence.
        package let sentence: String

        /// Both in one line.
        package var description: String { "\(invariant): \(sentence)" }
    }

    /// What is broken; empty for a database that is as it should be.
    package internal(set) var faults: [Fault] = []
    /// How many conversations there are.
    package internal(set) var conversations = 0
    /// How many messages there are.
    package internal(set) var messages = 0
}
