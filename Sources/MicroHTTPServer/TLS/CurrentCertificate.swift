import Synchronization

/// The certificate that new connections get; any thread may read or replace it.
final class CurrentCertificate: Sendable {
    private let state: Mutex<TLSCertificate>

    init(_ certificate: TLSCertificate) {
        state = Mutex(certificate)
    }

    var value: TLSCertificate {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
