import Messaging

/// Stores how somebody is called, as their credentials say; answers whether that is on disk.
///
/// Where it is not, the request goes on all the same, and the next one tries again.
package typealias ProfileUpdate = @Sendable (Person, TenantID) async -> Bool
