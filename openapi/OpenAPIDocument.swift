import Foundation
import Yams

/// The description of the service in both forms it is served in; `openapi.yaml`, beside this file, is the one source.
public enum OpenAPIDocument {
    /// The description as it was written.
    public static let yaml = PackageResources.openapi_yaml

    /// The same as JSON (RFC 8259), with sorted keys so that every build writes the same bytes; made when first asked for.
    public static let json: [UInt8] = {
        do {
            let document = try Yams.load(yaml: String(decoding: yaml, as: UTF8.self))
            return [UInt8](
                try JSONSerialization.data(
                    withJSONObject: document ?? [:], options: [.sortedKeys, .withoutEscapingSlashes]))
        } catch {
            preconditionFailure("the embedded description is not YAML: \(error)")
        }
    }()
}
