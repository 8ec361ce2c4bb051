import Synchronization

/// Tells whether a value that was read from memory is still current; every idle poll asks it instead of reading the value again.
///
/// The token becomes invalid with the first change of the value, and when the value is evicted, because no change is seen after that. Any
/// thread may use it.
public final class InvalidationToken: Sendable {
    /// A function that is called once, when the token becomes invalid; on any thread, which it must not hold up.
    public typealias Observer = @Sendable () -> Void

    /// The observers of a token that has become invalid.
    struct Expiry: Sendable {
        fileprivate let observers: [Observer]

        /// Calls each observer; the caller holds no lock.
        func notify() {
            for observer in observers { observer() }
        }
    }

    private struct Observers {
        var byNumber: [Int: Observer] = [:]
        var last = 0
    }

    private let isOver = Atomic<Bool>(false)
    private let observers = Mutex(Observers())

    /// A valid token.
    public init() {}

    /// Whether the value is still current.
    public var isValid: Bool { !isOver.load(ordering: .acquiring) }

    /// Registers an observer.
    ///
    /// - Returns: cancels the registration, in constant time; any thread may call it. The observer may be called a last time while it is
    ///   being cancelled. Nil where the token is already invalid, and nothing was registered.
    public func observe(_ observer: @escaping Observer) -> (@Sendable () -> Void)? {
        let number = observers.withLock { observers -> Int? in
            // It becomes invalid under this lock, so that each observer is either refused or called.
            guard isValid else { return nil }
            observers.last += 1
            observers.byNumber[observers.last] = observer
            return observers.last
        }
        guard let number else { return nil }
        return { [self] in
            // Released without the lock, for that may release anything.
            let cancelled = observers.withLock { $0.byNumber.removeValue(forKey: number) }
            _ = cancelled
        }
    }

    /// Makes the token invalid, and calls its observers; it does not become valid again.
    public func invalidate() {
        expire()?.notify()
    }

    /// Makes the token invalid, and returns the observers that the caller has to notify once it holds no lock; nil where there are none.
    func expire() -> Expiry? {
        let taken = observers.withLock { observers in
            isOver.store(true, ordering: .releasing)
            let taken = observers.byNumber
            observers.byNumber = [:]
            return taken
        }
        return taken.isEmpty ? nil : Expiry(observers: Array(taken.values))
    }
}
