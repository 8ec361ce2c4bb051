import Messaging

/// Reads a cursor by what memory knows; nil where it is ahead of that, so that the store must be asked.
///
/// A commit is on disk a moment before memory learns of it. Whoever was answered from disk in between has a cursor that
/// only seems to be ahead, and must not be sent away.
func unlessAhead<Value>(_ read: () throws -> Value?) throws -> Value? {
    do {
        return try read()
    } catch CursorError.expired {
        return nil
    }
}
