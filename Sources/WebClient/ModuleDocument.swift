/// The client module for web pages, `postbox.js`, and its types, `postbox.d.ts`; both are files beside this one.
public enum ModuleDocument {
    /// The ES module, in UTF-8, without the indentation and the lines that are only comments.
    public static var script: [UInt8] {
        let lines = PackageResources.postbox_js.split(separator: UInt8(ascii: "\n"))
        let code = lines.map { $0.drop { $0 == UInt8(ascii: " ") } }.filter { !$0.starts(with: "//".utf8) }
        return Array(code.joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")]
    }

    /// The declarations for TypeScript, in UTF-8.
    public static var types: [UInt8] { PackageResources.postbox_d_ts }
}
