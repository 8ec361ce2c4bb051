import Foundation

/// What a command says on standard error while it works.
enum Report {
    static func line(_ text: String) {
        FileHandle.standardError.write(Data("postbox: \(text)\n".utf8))
    }
}
