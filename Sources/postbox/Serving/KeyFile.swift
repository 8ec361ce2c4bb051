import Foundation
import Logging
import MessagingHTTP

/// The file with the keys that tokens are verified with.
struct KeyFile {
    enum Kind {
        case secret
        case jwks
    }

    /// The identity of one version of the file.
    ///
    /// Size and time of modification can be put back to what they were, as `cp -p` and `rsync` do; the time of the last change of the
    /// inode cannot (inode(7)).
    struct Version: Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let modified: Timespec
        let changed: Timespec
    }

    /// The content of the file.
    struct Contents {
        let keys: TokenKeys
        /// Sentences for the log about a file that can be used, but should not be as it is.
        let warnings: [String]
    }

    /// A time as the file system keeps it.
    struct Timespec: Equatable {
        let seconds: Int
        let nanoseconds: Int

        init(_ time: timespec) {
            seconds = time.tv_sec
            nanoseconds = time.tv_nsec
        }
    }

    /// The end of a sentence about a JWK Set without a key that can be used.
    static let hasNoKey = "has no RSA, EC or OKP key for signatures"

    let path: String
    let kind: Kind

    /// The present version; nil where there is no such file.
    var version: Version? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Version(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: Timespec(status.st_mtim), changed: Timespec(status.st_ctim))
    }

    /// Whether this process may read it.
    var isReadable: Bool { access(path, R_OK) == 0 }

    /// Reads the keys.
    ///
    /// - Throws: ``Failure`` with a sentence that says what is wrong with which file.
    func load() async throws -> Contents {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.unavailable("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        do {
            switch kind {
            case .jwks:
                return Contents(keys: try await TokenKeys(jwks: Array(data)), warnings: accessWarnings())
            case .secret:
                // An editor ends the file with a line break; a secret does not end with one.
                let secret = data.last == UInt8(ascii: "\n") ? data.dropLast() : data
                let keys = try await TokenKeys(secret: Array(secret))
                return Contents(keys: keys, warnings: accessWarnings() + endWarnings(secret.last))
            }
        } catch let error as TokenKeys.KeyError {
            throw Failure.unavailable("\(path): \(error.description)")
        }
    }

    /// A user who can read the secret, or write to either kind of file, can sign tokens for every user; public keys may be read.
    private func accessWarnings() -> [String] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [] }
        if kind == .secret, status.st_mode & 0o004 != 0 {
            return ["\(path) can be read by everybody on this machine, who can then sign tokens: chmod o= \(path)"]
        }
        guard status.st_mode & 0o002 != 0 else { return [] }
        return ["\(path) can be written by everybody on this machine, who can then sign tokens: chmod o-w \(path)"]
    }

    /// A secret that differs from the issuer's by its last byte verifies no token, and nothing else would say why.
    private func endWarnings(_ last: UInt8?) -> [String] {
        let ends: [UInt8: String] = [
            UInt8(ascii: "\r"): "a carriage return (CR)", UInt8(ascii: "\n"): "a second line break",
            UInt8(ascii: " "): "a space", UInt8(ascii: "\t"): "a tab",
        ]
        guard let last, let end = ends[last] else { return [] }
        return ["the secret in \(path) ends in \(end), which is taken to belong to it"]
    }
}

/// Reads the key file again when it changes; used by one thread.
final class KeyWatcher {
    private let file: KeyFile
    private let identity: JWTIdentity
    private let logger: Logger
    private var version: KeyFile.Version?

    /// - Parameter version: that of the keys that `identity` has now.
    init(file: KeyFile, version: KeyFile.Version?, identity: JWTIdentity, logger: Logger) {
        self.file = file
        self.version = version
        self.identity = identity
        self.logger = logger
    }

    /// Looks at the file, and takes its keys if it has changed or `always`; keeps the old ones where it cannot be used.
    func look(always: Bool) {
        let present = file.version
        guard always || present != version else { return }
        version = present
        do {
            let file = file
            let loaded = try Blocking.run { try await file.load() }
            // A key that is no longer in the file is revoked, even if the file has no other.
            identity.replaceKeys(loaded.keys)
            logger.notice("took the keys in \(file.path)")
            for warning in loaded.warnings { logger.warning("\(warning)") }
            if loaded.keys.isEmpty { logger.error("\(file.path) \(KeyFile.hasNoKey), so every token is refused") }
        } catch let failure as Failure {
            logger.error("kept the old keys: \(failure.message)")
        } catch {
            logger.error("kept the old keys: \(error)")
        }
    }
}
