import Logging
import MessagingHTTP

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
