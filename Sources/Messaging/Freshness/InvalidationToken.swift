import Synchronization

/// Tells whether a value that was read from memory is still current; every idle poll asks it instead of reading the value again.
///
/// The token becomes invalid with the first change of the value, and when the value is evicted, because no change is seen after that. Any
/// thread may use it.
public final class InvalidationToken: Sendable {
    private let isOver = Atomic<Bool>(false)

    /// A valid token.
    public init() {}

    /// Whether the value is still current.
    public var isValid: Bool { !isOver.load(ordering: .acquiring) }

    /// Makes the token invalid; it does not become valid again.
    public func invalidate() {
        isOver.store(true, ordering: .releasing)
    }
}
