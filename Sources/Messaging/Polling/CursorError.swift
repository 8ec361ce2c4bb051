/// Why a cursor is of no use.
package enum CursorError: Error, Equatable {
    /// It is not a cursor at all, or one of another kind or another conversation.
    case malformed
    /// It comes from before a restore, or from an earlier version, or belongs to another viewer, or is ahead of what is stored: the client
    /// must fetch without it.
    case expired
}
