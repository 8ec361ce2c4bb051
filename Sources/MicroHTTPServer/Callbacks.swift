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
