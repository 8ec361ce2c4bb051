import Synchronization

/// Whether something that was found in memory is still so: asked at every idle poll, where it takes the place of looking again.
///
/// It ends with the first change of what was found, and when memory forgets that: it would learn of no change then. Any thread may use it.
package final class InvalidationToken: Sendable {
    private let isOver = Atomic<Bool>(false)

    /// One that has not ended.
    package init() {}

    /// Whether nothing has changed so far.
    package var isValid: Bool { !isOver.load(ordering: .acquiring) }

    /// Ends it, for good.
    package func invalidate() {
        isOver.store(true, ordering: .releasing)
    }
}
