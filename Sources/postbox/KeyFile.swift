import Foundation
import MessagingHTTP

/// The file with the keys that tokens are verified with.
struct KeyFile {
    enum Kind {
        case secret
        case jwks
    }

    /// What tells one version of the file from another.
    struct Version: Equatable {
        let inode: UInt64
        let size: Int64
        let changed: Timespec
    }

    /// A time as the file system keeps it.
    struct Timespec: Equatable {
        let seconds: Int
        let nanoseconds: Int
    }

    let path: String
    let kind: Kind

    /// The present version; nil where there is no such file.
    var version: Version? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Version(
            inode: UInt64(status.st_ino), size: Int64(status.st_size),
            changed: Timespec(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec))
    }

    /// Reads the keys.
    ///
    /// - Throws: ``Failure`` with a sentence that says what is wrong with which file.
    func load() async throws -> TokenKeys {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.unavailable("cannot read \(path)")
        }
        do {
            switch kind {
            case .jwks:
                return try await TokenKeys(jwks: Array(data))
            case .secret:
                // An editor ends the file with a line break; a secret does not end with one.
                let secret = data.last == UInt8(ascii: "\n") ? data.dropLast() : data
                return try await TokenKeys(secret: Array(secret))
            }
        } catch let error as TokenKeys.KeyError {
            throw Failure.unavailable("\(path): \(error.description)")
        }
    }
}
