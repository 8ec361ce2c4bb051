import Foundation
import OpenAPIDescription
import Testing
import Yams

@testable import MessagingHTTP

/// The description, read for comparing it with the program.
struct DescribedService {
    typealias Object = [String: Any]

    struct Operation {
        let path: String
        let method: String
        let parameters: [Object]
        let responses: [Int: Object]
        let hasBody: Bool
        let security: [[String: Any]]

        var name: String { "\(method) \(path)" }
    }

    let root: Object
    let operations: [Operation]

    init() throws {
        let text = String(decoding: OpenAPIDocument.yaml, as: UTF8.self)
        let root = try #require(try Yams.load(yaml: text) as? Object)
        self.root = root
        func resolved(_ value: Any?) -> Object {
            let object = value as? Object ?? [:]
            guard let reference = object["$ref"] as? String else { return object }
            return Self.node(reference, in: root)
        }
        func list(_ value: Any?) -> [Object] { (value as? [Any] ?? []).map(resolved) }
        operations = (root["paths"] as? Object ?? [:]).flatMap { path, item in
            let item = item as? Object ?? [:]
            return item.filter { $0.key != "parameters" }.map { method, operation in
                let operation = operation as? Object ?? [:]
                let responses = (operation["responses"] as? Object ?? [:]).map { (Int($0) ?? 0, resolved($1)) }
                return Operation(
                    path: path, method: method.uppercased(),
                    parameters: list(item["parameters"]) + list(operation["parameters"]),
                    responses: Dictionary(uniqueKeysWithValues: responses), hasBody: operation["requestBody"] != nil,
                    security: (operation["security"] ?? root["security"]) as? [Object] ?? [])
            }
        }
    }

    /// What stands at `#/a/b/c`; empty where nothing does.
    func node(_ reference: String) -> Object { Self.node(reference, in: root) }

    func operation(_ method: String, _ path: String) throws -> Operation {
        try #require(operations.first { $0.method == method && $0.path == path }, "\(method) \(path) is not described")
    }

    /// Whether every such response has this header field.
    func isRequired(_ header: Any?) -> Bool {
        guard let reference = (header as? Object)?["$ref"] as? String else { return false }
        return node(reference)["required"] as? Bool == true
    }

    /// The problems that a response shows examples of.
    func problems(of response: Object) -> [Object] {
        let content = response["content"] as? Object ?? [:]
        let problem = content["application/problem+json"] as? Object ?? [:]
        return (problem["examples"] as? Object ?? [:]).values.compactMap { ($0 as? Object)?["value"] as? Object }
    }

    private static func node(_ reference: String, in root: Object) -> Object {
        reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] as? Object ?? [:] }
    }
}
