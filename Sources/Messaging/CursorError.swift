/// Why a cursor is of no use.
public enum CursorError: Error, Equatable {
    /// It is not a cursor at all, or one of another kind.
    case malformed
    /// It comes from before a restore, or is ahead of what is stored: the client must fetch without it.
    case expired
}
