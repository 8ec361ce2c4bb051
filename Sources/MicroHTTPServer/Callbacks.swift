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
    guard let loop = loop(context), let connection, let partSize, let known = known(request?.pointee) else {
        return .NO
    }
    let bytes = UnsafeRawBufferPointer(start: part, count: part == nil ? 0 : partSize.pointee)
    let result = loop.access(known, connection, method: method, part: bytes)
    if !bytes.isEmpty { partSize.pointee = 0 }
    return result
}

/// Called with the raw request line's target, before anything is decoded. What it returns comes back as `request` in the
/// calls that follow, and its return value is why "nil on the first call" tells nothing.
func requestBegan(
    context: UnsafeMutableRawPointer?, target: UnsafePointer<CChar>?, connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    let found = connection.flatMap(mhd_connection_context)
    guard let loop = loop(context), let known = known(found) else { return nil }
    loop.began(known, target: target)
    return found
}

func requestEnded(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?,
    request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, reason: MHD_RequestTerminationCode
) {
    guard let loop = loop(context), let known = known(request?.pointee) else { return }
    loop.ended(known)
    request?.pointee = nil
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
        if let known = known(kept.pointee) { loop.closed(known) }
        kept.pointee = nil
    }
}

/// Called in place of `recv` on the socket of a connection.
///
/// While an answer is due the library would read on, and give up an answer that it has no memory left for, or whose client sends no
/// more. An interrupted call it repeats later.
func receivePlain(
    context: UnsafeMutableRawPointer?, descriptor: Int32, buffer: UnsafeMutableRawPointer?, size: Int
) -> Int {
    guard let context,
        let connection = Unmanaged<Loop>.fromOpaque(context)._withUnsafeGuaranteedRef({ $0.connection(on: descriptor) })
    else { return recvfrom(descriptor, buffer, size, 0, nil, nil) }
    return connection._withUnsafeGuaranteedRef { connection in
        if connection.isAnswerDue {
            errno = EINTR
            return -1
        }
        let count = recvfrom(descriptor, buffer, size, 0, nil, nil)
        if count > 0 {
            connection.received(buffer, count)
            // This may have been the last of it, and the library would wait for more.
            if connection.hasEnded { loop(context)?.spent.append(connection) }
        }
        return count
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
    if connection?.isAnswerDue == true { return Int(GNUTLS_E_INTERRUPTED) }
    var sequence: UInt64 = 0
    let count = withUnsafeMutableBytes(of: &sequence) {
        gnutls_record_recv_seq(session, buffer, size, $0.bindMemory(to: UInt8.self).baseAddress)
    }
    if count > 0 { connection?.received(buffer, count) }
    return count
}

/// Leaves the path as it came: whoever routes decodes it, once.
func leaveEscaped(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, text: UnsafeMutablePointer<CChar>?
) -> Int {
    text.map { strlen($0) } ?? 0
}

private func loop(_ context: UnsafeMutableRawPointer?) -> Loop? {
    context.map { Unmanaged<Loop>.fromOpaque($0).takeUnretainedValue() }
}

private func known(_ connection: UnsafeMutableRawPointer?) -> Connection? {
    connection.map { Unmanaged<Connection>.fromOpaque($0).takeUnretainedValue() }
}
