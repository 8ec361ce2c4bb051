import TestSupport

extension Generator {
    /// A limit, mostly one that cuts.
    mutating func limit() -> Int { pick([1, 1, 2, 2, 3, 500]) }
}
