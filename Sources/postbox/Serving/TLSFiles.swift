import Foundation
import MicroHTTPServer

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

    /// Whoever can read the key can pass for this server, and whoever can write it can put an own one there.
    private func checkAccess() throws {
        var status = stat()
        guard stat(key, &status) == 0, status.st_mode & 0o007 != 0 else { return }
        throw Failure.unavailable("\(key) is open to everybody on this machine: chmod o= \(key)")
    }
}
