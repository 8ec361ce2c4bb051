/// The result of a check of a database.
package struct CheckReport: Sendable {
    /// A violation of an invariant.
    package struct Fault: Sendable, Equatable, CustomStringConvertible {
        /// The name of the invariant.
        package let invariant: String
        /// The violation and its first occurrence; a sentence.
        package let sentence: String

        package init(invariant: String, sentence: String) {
            self.invariant = invariant
            self.sentence = sentence
        }

        /// Both in one line.
        package var description: String { "\(invariant): \(sentence)" }
    }

    /// The violations; empty for a sound database.
    package var faults: [Fault]
    /// How many conversations there are.
    package var conversations = 0
    /// How many messages there are.
    package var messages = 0

    package init(faults: [Fault] = []) {
        self.faults = faults
    }
}
