/// Which conversations of a caller's list a `GET` asks for.
package enum ListWindow: Equatable, Sendable {
    /// Those with the latest activity.
    case newest
    /// Those whose latest activity comes before this change number, latest first.
    case before(Int64)
    /// Those that changed after this change number; where they do not all fit, the ones that changed first.
    case since(Int64)
}
