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
