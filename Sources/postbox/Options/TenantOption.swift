import ArgumentParser
import Messaging

/// The option that says in which namespace the ids of a command lie.
struct TenantOption: ParsableArguments {
    @Option(help: "The tenant id; without it, the tenant is the unnamed one.")
    var tenant: String?

    /// The tenant meant.
    func id() throws -> TenantID {
        try tenant.map { try TenantID.argument($0, "--tenant") } ?? .none
    }
}

extension Identifier {
    /// Reads an id from the command line.
    static func argument(_ text: String, _ name: String) throws -> Self {
        guard let id = Self(text) else {
            throw Failure.badUsage("\(name): an id has 1 to \(maximumLength) bytes and no control characters")
        }
        return id
    }
}
