import ArgumentParser

/// The ways a request can say who is asking.
enum IdentityKind: String, ExpressibleByArgument, CaseIterable {
    case demo
    case gateway
    case jwt
}
