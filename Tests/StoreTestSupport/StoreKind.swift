import Glibc

/// The stores that tests run on; the list is closed.
package enum StoreKind: String, CaseIterable, Sendable {
    case sqlite, postgres

    /// The stores that this run is for: all, or those that `POSTBOX_STORES` names, separated by commas.
    package static let tested: [StoreKind] = {
        guard let names = getenv("POSTBOX_STORES").map({ String(cString: $0) }), !names.isEmpty else { return allCases }
        return names.split(separator: ",").map { name in
            guard let kind = StoreKind(rawValue: String(name)) else {
                fatalError("POSTBOX_STORES is \(names): it takes \(allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return kind
        }
    }()

    /// The store that the running test is for.
    @TaskLocal package static var current = StoreKind.sqlite
}
