import CCompression

/// Compresses with gzip (RFC 1952), by zlib.
public enum Gzip {
    /// How much time the compression may take.
    public enum Effort: Int32, Sendable {
        /// For what is sent once: about 1 ms for 140 KB of JSON.
        case fast = 1
        /// For what is sent often.
        case thorough = 9
    }

    /// Compresses bytes into one gzip member; nil where there is no memory for it.
    ///
    /// - Parameters:
    ///   - boundaries: ascending offsets in `bytes`. What comes after one is compressed as if nothing had come before it. So how small a
    ///     part becomes says nothing of what it has in common with another part.
    public static func compress(_ bytes: [UInt8], apartAt boundaries: [Int] = [], effort: Effort = .fast) -> [UInt8]? {
        precondition(bytes.count <= Int(UInt32.max), "more bytes than zlib takes at once")
        var stream = z_stream()
        // The library keeps the address of the stream, so it must stay the same for all calls.
        return withUnsafeMutablePointer(to: &stream) { stream in
            guard gzip_begin(stream, effort.rawValue) == Z_OK else { return nil }
            defer { deflateEnd(stream) }
            return bytes.withUnsafeBufferPointer { bytes in
                var output: [UInt8] = []
                output.reserveCapacity(bytes.count / 4 + 64)
                var start = 0
                for end in boundaries {
                    // Ends the block and empties the window and the hash table; the next block has codes of its own.
                    compress(bytes[start..<end], with: stream, Z_FULL_FLUSH, into: &output)
                    start = end
                }
                compress(bytes[start...], with: stream, Z_FINISH, into: &output)
                return output
            }
        }
    }

    /// Gives the library a part, and takes all that it makes of it.
    private static func compress(
        _ part: Slice<UnsafeBufferPointer<UInt8>>, with stream: z_streamp, _ flush: Int32, into output: inout [UInt8]
    ) {
        let part = UnsafeBufferPointer(rebasing: part)
        // The library takes a mutable pointer, and only reads.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: part.baseAddress)
        stream.pointee.avail_in = UInt32(part.count)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16 << 10) { chunk in
            repeat {
                stream.pointee.next_out = chunk.baseAddress
                stream.pointee.avail_out = UInt32(chunk.count)
                // The only error left is a stream that is not one.
                let result = deflate(stream, flush)
                precondition(result != Z_STREAM_ERROR, "the state of a compression is broken")
                output.append(
                    contentsOf: UnsafeBufferPointer(rebasing: chunk[..<(chunk.count - Int(stream.pointee.avail_out))]))
            } while stream.pointee.avail_out == 0
        }
    }
}
