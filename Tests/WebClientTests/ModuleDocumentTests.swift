import Testing

@testable import WebClient

@Suite("The client module")
struct ModuleDocumentTests {
    private let script = String(decoding: ModuleDocument.script, as: UTF8.self)

    @Test("The module is served without indentation and the lines that are only comments")
    func lines() {
        for line in script.split(separator: "\n") {
            #expect(!line.hasPrefix(" ") && !line.hasPrefix("//"), "\(line)")
        }
        #expect(script.hasSuffix("}\n"))
    }

    @Test("The module depends on no other file", arguments: ["import {", "import '", "import(", "require("])
    func dependencies(forbidden: String) {
        #expect(!script.contains(forbidden))
    }

    @Test(
        "What the module exports has types",
        arguments: ["class Postbox ", "class PostboxError extends Error "])
    func types(declaration: String) {
        #expect(script.contains("export \(declaration){"))
        #expect(String(decoding: ModuleDocument.types, as: UTF8.self).contains("export \(declaration){"))
    }
}
