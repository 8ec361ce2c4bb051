import CCompression

/// What is in a gzip member, all of it and nothing behind it; nil where it is none (RFC 1952).
package func gunzip(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    return withUnsafeMutablePointer(to: &stream) { stream in
        guard inflateInit2_(stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(stream) }
        return bytes.withUnsafeBufferPointer { bytes in
            stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
            stream.pointee.avail_in = UInt32(bytes.count)
            var (output, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 64 << 10))
            while true {
                let (result, made) = chunk.withUnsafeMutableBufferPointer { chunk in
                    stream.pointee.next_out = chunk.baseAddress
                    stream.pointee.avail_out = UInt32(chunk.count)
                    return (inflate(stream, Z_NO_FLUSH), chunk.count - Int(stream.pointee.avail_out))
                }
                output += chunk[..<made]
                if result == Z_STREAM_END { return stream.pointee.avail_in == 0 ? output : nil }
                guard result == Z_OK else { return nil }
            }
        }
    }
}
