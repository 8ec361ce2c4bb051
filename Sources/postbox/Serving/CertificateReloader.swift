import Foundation
import Logging
import MicroHTTPServer

/// Takes a server's certificate from its files again, and warns while it is about to expire; used by one thread.
final class CertificateReloader {
    private let files: TLSFiles
    private let server: Server
    private let logger: Logger
    private var warning = ExpiryWarning()

    init(files: TLSFiles, server: Server, logger: Logger) {
        self.files = files
        self.server = server
        self.logger = logger
    }

    /// Loads the certificate from the files again; where they cannot be used, the server keeps the old one.
    func reload() {
        do {
            let certificate = try files.load()
            server.replaceCertificate(certificate)
            logger.notice(
                "took the certificate in \(files.certificate)", metadata: ["expires": "\(Self.day(certificate.expiry))"]
            )
            warning = ExpiryWarning()
            look()
        } catch let failure as Failure {
            logger.error("kept the old certificate: \(failure.message)")
        } catch {
            logger.error("kept the old certificate: \(error)")
        }
    }

    /// Warns where the certificate has expired or expires soon, once a day.
    func look() {
        guard let expiry = server.certificateExpiry,
            warning.isDue(expiry: expiry, now: Int(Date.now.timeIntervalSince1970))
        else { return }
        logger.warning("the certificate expires soon, or has", metadata: ["expires": "\(Self.day(expiry))"])
    }

    private static func day(_ expiry: Int) -> String {
        Date(timeIntervalSince1970: Double(expiry)).formatted(.iso8601)
    }
}

/// Decides when to warn of a certificate that is about to expire: from 14 days before on, once a day.
struct ExpiryWarning {
    private static let day = 86_400

    /// When it was last due, in seconds since 1970.
    private var last: Int?

    /// Whether to warn now; the answer counts as a warning.
    ///
    /// - Parameters:
    ///   - expiry: when the certificate expires, in seconds since 1970.
    ///   - now: the wall clock, in the same unit; it may be set back.
    mutating func isDue(expiry: Int, now: Int) -> Bool {
        guard expiry - now < 14 * Self.day, last.map({ abs(now - $0) >= Self.day }) ?? true else { return false }
        last = now
        return true
    }
}

/// The files with a server's certificate and private key.
struct TLSFiles {
    let certificate: String
    let key: String

    /// Reads both.
    ///
    /// - Throws: ``Failure`` with a sentence that says what is wrong with which file.
    func load() throws -> TLSCertificate {
        let chain = try read(certificate)
        try checkAccess()
        let secret = try read(key)
        do throws(TLSCertificateError) {
            return try TLSCertificate(chain: chain, key: secret)
        } catch {
            switch error {
            case .invalidCertificate: throw Failure.unavailable("\(certificate): \(error.description)")
            case .invalidKey, .encryptedKey: throw Failure.unavailable("\(key): \(error.description)")
            case .mismatch, .unusable: throw Failure.unavailable("\(certificate) and \(key): \(error.description)")
            }
        }
    }

    private func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.unavailable("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        return Array(data)
    }

    /// A user who can read the key can impersonate this server; one who can write it can replace it.
    private func checkAccess() throws {
        var status = stat()
        guard stat(key, &status) == 0, status.st_mode & 0o007 != 0 else { return }
        throw Failure.unavailable("\(key) is open to everybody on this machine: chmod o= \(key)")
    }
}
