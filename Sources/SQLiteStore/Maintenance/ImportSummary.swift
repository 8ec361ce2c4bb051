/// What an import did.
package struct ImportSummary: Sendable, Equatable {
    /// How many records it read.
    package internal(set) var records = 0
    /// How many users it stored, new ones and changed ones.
    package internal(set) var people = 0
    /// How many conversations it opened.
    package internal(set) var conversations = 0
    /// How many messages it stored.
    package internal(set) var messages = 0
    /// How many messages it left out, because prune has taken away what was sent before or at their time in their conversation.
    package internal(set) var pruned = 0
    /// How many read markers it moved.
    package internal(set) var readMarkers = 0
    /// How many records were there already.
    package internal(set) var skipped = 0
}
