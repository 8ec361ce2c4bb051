import Foundation
import Logging
import MicroHTTPServer

/// Takes a server's certificate from its files again; used by one thread.
struct CertificateReloader {
    let files: TLSFiles
    let server: Server
    let logger: Logger

    /// Loads the certificate from the files again; where they cannot be used, the server keeps the old one.
    func reload() {
        do {
            let certificate = try files.load()
            server.replaceCertificate(certificate)
            logger.notice(
                "took the certificate in \(files.certificate)", metadata: ["expires": "\(Self.day(certificate))"])
            warn(of: certificate)
        } catch let failure as Failure {
            logger.error("kept the old certificate: \(failure.message)")
        } catch {
            logger.error("kept the old certificate: \(error)")
        }
    }

    /// Warns where the certificate has expired or expires soon.
    func warn(of certificate: TLSCertificate) {
        let days = (certificate.expiry - Int(Date.now.timeIntervalSince1970)) / 86_400
        guard days < 14 else { return }
        logger.warning("the certificate expires soon, or has", metadata: ["expires": "\(Self.day(certificate))"])
    }

    private static func day(_ certificate: TLSCertificate) -> String {
        Date(timeIntervalSince1970: Double(certificate.expiry)).formatted(.iso8601)
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
