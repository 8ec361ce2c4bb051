/// The outcome of a request: the closed list by which answers are counted and logged.
public enum Outcome: Hashable, Sendable, CaseIterable {
    /// A poll that found nothing new.
    case notModified
    /// A poll that got the changes since its cursor.
    case delta
    /// A poll that got a page.
    case full
    /// A message that is on disk.
    case stored
    /// A message that an earlier request had stored.
    case replayed
    /// Anything else that went well.
    case done
    /// A request that was turned down.
    case problem(ProblemKind)

    /// All of them, in the order of their ``index``.
    public static let allCases: [Outcome] =
        [.done, .notModified, .delta, .full, .stored, .replayed] + ProblemKind.allCases.map(Outcome.problem)

    /// Its name in metrics and logs.
    public var name: String {
        switch self {
        case .notModified: "not_modified"
        case .delta: "delta"
        case .full: "full"
        case .stored: "stored"
        case .replayed: "replayed"
        case .done: "done"
        case .problem(let kind): kind.rawValue.replacing("-", with: "_")
        }
    }

    /// Its number in a ``Label``, and its index in ``allCases``.
    public var index: Int {
        switch self {
        case .done: 0
        case .notModified: 1
        case .delta: 2
        case .full: 3
        case .stored: 4
        case .replayed: 5
        case .problem(let kind): 6 + kind.index
        }
    }
}
