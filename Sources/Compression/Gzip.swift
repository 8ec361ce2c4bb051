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
        parts(of: bytes, apartAt: boundaries, effort: effort).map { join($0) }
    }

    /// Compresses bytes into parts, each as if it were alone; nil where there is no memory for it.
    ///
    /// - Parameter boundaries: ascending offsets in `bytes`, where one part ends and the next begins.
    public static func parts(
        of bytes: [UInt8], apartAt boundaries: [Int], effort: Effort = .fast
    ) -> [GzipPart]? {
        precondition(bytes.count <= Int(UInt32.max), "more bytes than zlib takes at once")
        var stream = z_stream()
        // The library keeps the address of the stream, so it must stay the same for all calls.
        return withUnsafeMutablePointer(to: &stream) { stream in
            guard deflate_begin(stream, effort.rawValue) == Z_OK else { return nil }
            defer { deflateEnd(stream) }
            return bytes.withUnsafeBufferPointer { bytes in
                var start = 0
                return (boundaries + [bytes.count]).map { end in
                    defer { start = end }
                    return GzipPart(UnsafeBufferPointer(rebasing: bytes[start..<end]), with: stream)
                }
            }
        }
    }

    /// One gzip member (RFC 1952, section 2.3) with the bytes of all parts, in this order.
    public static func join(_ parts: [GzipPart]) -> [UInt8] {
        // Deflate, no flags, no time, an unknown system.
        var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        member.reserveCapacity(parts.reduce(32) { $0 + $1.blocks.count })
        var (checksum, size) = (crc32(0, nil, 0), 0)
        for part in parts {
            member.append(contentsOf: part.blocks)
            checksum = crc32_combine(checksum, part.checksum, part.size)
            size += part.size
        }
        // The last block, of no bytes.
        member.append(contentsOf: [1, 0, 0, 0xFF, 0xFF])
        for number in [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: size)] {
            withUnsafeBytes(of: number.littleEndian) { member.append(contentsOf: $0) }
        }
        return member
    }
}

/// A part of a gzip member that was compressed as if it were alone, so that it can be put together with others in any order.
public struct GzipPart: Sendable {
    /// Deflate blocks that refer to nothing before them, and end at the end of a byte.
    fileprivate let blocks: [UInt8]
    /// The checksum of what was compressed.
    fileprivate let checksum: UInt
    /// How many bytes were compressed.
    public let size: Int

    /// The bytes that it takes, about.
    public var cost: Int { 32 + blocks.capacity }

    /// One byte that is not compressed (RFC 1951, section 3.2.4).
    public init(_ byte: UInt8) {
        blocks = [0, 1, 0, 0xFE, 0xFF, byte]
        checksum = crc32(crc32(0, nil, 0), [byte], 1)
        size = 1
    }

    /// Compresses bytes with a stream that has ended its last block.
    fileprivate init(_ bytes: UnsafeBufferPointer<UInt8>, with stream: z_streamp) {
        size = bytes.count
        guard !bytes.isEmpty else {
            (blocks, checksum) = ([], crc32(0, nil, 0))
            return
        }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count / 4 + 64)
        // The library takes a mutable pointer, and only reads.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
        stream.pointee.avail_in = UInt32(bytes.count)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16 << 10) { chunk in
            repeat {
                stream.pointee.next_out = chunk.baseAddress
                stream.pointee.avail_out = UInt32(chunk.count)
                // Ends the block and empties the window and the hash table; the next block has codes of its own.
                let result = deflate(stream, Z_FULL_FLUSH)
                // The only error left is a stream that is not one.
                precondition(result != Z_STREAM_ERROR, "the state of a compression is broken")
                output.append(
                    contentsOf: UnsafeBufferPointer(rebasing: chunk[..<(chunk.count - Int(stream.pointee.avail_out))]))
            } while stream.pointee.avail_out == 0
        }
        blocks = output.capacity > output.count + output.count / 8 ? Array(output[...]) : output
        checksum = crc32(crc32(0, nil, 0), bytes.baseAddress, UInt32(bytes.count))
    }
}
