import CMicroHTTPD
import Glibc

// Top-level functions, because the library calls them from a loop thread: a closure could belong to an actor, and trap.
// `context` is the loop whose thread calls, alive for as long as its daemon is; the pointers to connections are good
// because the loop's table keeps each until the library has told that it is closed.

func accessed(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, url: UnsafePointer<CChar>?,
    method: UnsafePointer<CChar>?, version: UnsafePointer<CChar>?, part: UnsafePointer<CChar>?,
    partSize: UnsafeMutablePointer<Int>?, request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let connection, let partSize else { return .NO }
    let bytes = UnsafeRawBufferPointer(start: part, count: part == nil ? 0 : partSize.pointee)
    let result = with(context, request?.pointee) { $0.access($1, connection, method: method, part: bytes) }
    if !bytes.isEmpty { partSize.pointee = 0 }
    return result ?? .NO
}

/// Called with the target of the raw request line, before anything is decoded. The library passes the returned pointer as `request` to
/// the calls that follow, so `request` is not nil in the first of them either.
func requestBegan(
    context: UnsafeMutableRawPointer?, target: UnsafePointer<CChar>?, connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    let found = connection.flatMap(mhd_connection_context)
    return with(context, found) { $0.began($1, target: target) }.flatMap { found }
}

func requestEnded(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?,
    request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, reason: MHD_RequestTerminationCode
) {
    if with(context, request?.pointee, { $0.ended($1) }) != nil { request?.pointee = nil }
}

func connectionChanged(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?,
    kept: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, change: MHD_ConnectionNotificationCode
) {
    guard let loop = loop(context), let connection, let kept else { return }
    switch change {
    case .CONNECTION_NOTIFY_STARTED:
        kept.pointee = Unmanaged.passUnretained(loop.opened(connection)).toOpaque()
    case .CONNECTION_NOTIFY_CLOSED:
        // Retained, because the table releases it.
        if let known = kept.pointee { loop.closed(Unmanaged<Connection>.fromOpaque(known).takeUnretainedValue()) }
        kept.pointee = nil
    }
}

/// Called in place of `recv` on the socket of a connection.
///
/// While an answer is due, the library would read on. It would then drop an answer that it has no memory left for, or whose client
/// sends nothing more. The library repeats an interrupted call later.
func receivePlain(
    context: UnsafeMutableRawPointer?, descriptor: Int32, buffer: UnsafeMutableRawPointer?, size: Int
) -> Int {
    guard let context,
        let connection = Unmanaged<Loop>.fromOpaque(context)._withUnsafeGuaranteedRef({ $0.connection(on: descriptor) })
    else { return recvfrom(descriptor, buffer, size, 0, nil, nil) }
    return connection._withUnsafeGuaranteedRef { connection in
        if connection.isAnswerDue || connection.isBroken {
            errno = connection.isRefused ? ECONNRESET : connection.isBroken ? EAGAIN : EINTR
            return -1
        }
        let count = recvfrom(descriptor, buffer, size, 0, nil, nil)
        guard count > 0 else { return count }
        let safe = connection.received(buffer, count)
        // These may have been the last bytes, and the library would wait for more.
        if connection.hasEnded { loop(context)?.spent.append(connection) }
        guard safe < count else { return count }
        loop(context)?.breakOff(connection)
        errno = EAGAIN
        return safe > 0 ? safe : -1
    }
}

/// Called in place of `gnutls_record_recv` on the session of a connection.
func receiveTLS(
    context: UnsafeMutableRawPointer?, session: gnutls_session_t?, buffer: UnsafeMutableRawPointer?, size: Int
) -> Int {
    guard let session else { return Int(GNUTLS_E_INVALID_SESSION) }
    let connection = TLSLayer.of(session).flatMap {
        loop(context)?.connection(on: $0.descriptor)?.takeUnretainedValue()
    }
    if let connection, connection.isAnswerDue || connection.isBroken {
        let wait = connection.isBroken ? GNUTLS_E_AGAIN : GNUTLS_E_INTERRUPTED
        return Int(connection.isRefused ? GNUTLS_E_PULL_ERROR : wait)
    }
    var sequence: UInt64 = 0
    let count = withUnsafeMutableBytes(of: &sequence) {
        gnutls_record_recv_seq(session, buffer, size, $0.bindMemory(to: UInt8.self).baseAddress)
    }
    guard count > 0, let connection else { return count }
    let safe = connection.received(buffer, count)
    guard safe < count else { return count }
    loop(context)?.breakOff(connection)
    return safe > 0 ? safe : Int(GNUTLS_E_AGAIN)
}

/// Leaves the path encoded: the router decodes it once.
func leaveEscaped(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, text: UnsafeMutablePointer<CChar>?
) -> Int {
    text.map { strlen($0) } ?? 0
}

private func loop(_ context: UnsafeMutableRawPointer?) -> Loop? {
    context.map { Unmanaged<Loop>.fromOpaque($0).takeUnretainedValue() }
}

/// Calls the body with a loop and one of its connections; nil where either is missing.
///
/// References are not counted, which each request would pay for: both live longer than this lasts. The loop's owner keeps the loop, and
/// the loop's table keeps the connection; only ``Loop/closed(_:)``, which is not called this way, takes it out of there.
@inline(__always)
private func with<Result>(
    _ context: UnsafeMutableRawPointer?, _ connection: UnsafeMutableRawPointer?, _ body: (Loop, Connection) -> Result
) -> Result? {
    guard let context, let connection else { return nil }
    return Unmanaged<Loop>.fromOpaque(context)._withUnsafeGuaranteedRef { loop in
        Unmanaged<Connection>.fromOpaque(connection)._withUnsafeGuaranteedRef { body(loop, $0) }
    }
}
