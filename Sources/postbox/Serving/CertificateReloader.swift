import Foundation
import Logging
import MicroHTTPServer

/// Takes a server's certificate from its files again; used by one thread.
struct CertificateReloader {
    let files: TLSFiles
    let server: Server
    let logger: Logger

    /// Gives the server what the files hold now; where they cannot be used, it keeps what it has.
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

    /// Says so where clients will not accept the certificate, or soon will not.
    func warn(of certificate: TLSCertificate) {
        let days = (certificate.expiry - Int(Date.now.timeIntervalSince1970)) / 86_400
        guard days < 14 else { return }
        logger.warning("the certificate expires soon, or has", metadata: ["expires": "\(Self.day(certificate))"])
    }

    private static func day(_ certificate: TLSCertificate) -> String {
        Date(timeIntervalSince1970: Double(certificate.expiry)).formatted(.iso8601)
    }
}
