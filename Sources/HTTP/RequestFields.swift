/// The request header fields that Postbox reads.
public enum RequestField: UInt8, CaseIterable, Sendable {
    case authorization, contentType, ifNoneMatch, idempotencyKey, origin, requestID
    case userID, tenantID, userName, userCompany
    case accessControlRequestMethod, accessControlRequestHeaders
    case host, secFetchSite, forwardedHost, forwardedProto, forwardedFor
    case contentEncoding, acceptEncoding, cacheControl
    case prefer

    /// The field name in lower case.
    public var name: StaticString {
        switch self {
        case .authorization: "authorization"
        case .contentType: "content-type"
        case .ifNoneMatch: "if-none-match"
        case .idempotencyKey: "idempotency-key"
        case .origin: "origin"
        case .requestID: "x-request-id"
        case .userID: "x-user-id"
        case .tenantID: "x-tenant-id"
        case .userName: "x-user-name"
        case .userCompany: "x-user-company"
        case .accessControlRequestMethod: "access-control-request-method"
        case .accessControlRequestHeaders: "access-control-request-headers"
        case .host: "host"
        case .secFetchSite: "sec-fetch-site"
        case .forwardedHost: "x-forwarded-host"
        case .forwardedProto: "x-forwarded-proto"
        case .forwardedFor: "x-forwarded-for"
        case .contentEncoding: "content-encoding"
        case .prefer: "prefer"
        case .acceptEncoding: "accept-encoding"
        case .cacheControl: "cache-control"
        }
    }
}

/// The header fields of one request, kept as the bytes that came in: one allocation however many there are.
public struct RequestFields: Sendable {
    /// One line after the other: a word that says which field it is and how long its value is, and the value. Others follow, which later
    /// lines overwrite: to add one is a copy, and not several calls that each check the array's capacity.
    @usableFromInline var bytes: [UInt8] = []
    /// How many bytes the lines take.
    @usableFromInline var used = 0
    /// A bit for each field that has a line: most fields that are asked for are not there.
    @usableFromInline var present: UInt64 = 0

    /// A request without fields.
    public init() {}

    /// Adds one field line; a field may come more than once.
    public mutating func append(_ field: RequestField, _ value: some Sequence<UInt8>) {
        Array(value).withUnsafeBytes { append(field, $0) }
    }

    /// Adds one field line whose value is in raw memory, as all received fields are: not generic, so that it costs one copy.
    public mutating func append(_ field: RequestField, _ value: UnsafeRawBufferPointer) {
        let start = used
        present |= 1 << UInt64(field.rawValue)
        used += MemoryLayout<UInt64>.size + value.count
        if used > bytes.count { grow() }
        bytes.withUnsafeMutableBytes { bytes in
            let word = UInt64(value.count) << 8 | UInt64(field.rawValue)
            bytes.storeBytes(of: word, toByteOffset: start, as: UInt64.self)
            UnsafeMutableRawBufferPointer(rebasing: bytes[(start + MemoryLayout<UInt64>.size)...]).copyMemory(
                from: value)
        }
    }

    private mutating func grow() {
        if bytes.isEmpty { bytes = Self.zeros }
        guard used > bytes.count else { return }
        // Not twice as many: a client can leave a head unfinished that is as large as it may be.
        let size = used + max(256, used / 8)
        bytes.reserveCapacity(size)
        bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
    }

    /// Its lines and nothing else, as ``init(packed:)`` takes them.
    public var packed: ArraySlice<UInt8> { bytes[..<used] }

    /// The lines that another one had.
    public init(packed: ArraySlice<UInt8>) {
        bytes = Array(packed)
        used = bytes.count
        var start = 0
        bytes.withUnsafeBytes { bytes in
            while start < used {
                let word = bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)
                present |= 1 << (word & 0xFF)
                start += MemoryLayout<UInt64>.size + Int(word >> 8)
            }
        }
    }

    /// Its memory without the fields, for those of another request; none where that is larger than most requests need.
    public func emptied() -> RequestFields {
        guard bytes.count == Self.zeros.count else { return RequestFields() }
        var emptied = self
        (emptied.used, emptied.present) = (0, 0)
        return emptied
    }

    /// What most requests need. A copy of it costs less than an array that is made anew.
    private static let zeros = [UInt8](repeating: 0, count: 512)

    /// Whether there is a line with this name.
    @inlinable public func has(_ field: RequestField) -> Bool { present >> UInt64(field.rawValue) & 1 != 0 }

    /// The value of the first line with this name, if there is one.
    @inlinable public subscript(field: RequestField) -> ArraySlice<UInt8>? {
        has(field) ? place(of: field, from: 0).map { bytes[$0] } : nil
    }

    /// The values of all lines with this name, in the order they came.
    public func all(_ field: RequestField) -> [ArraySlice<UInt8>] {
        guard has(field) else { return [] }
        var values: [ArraySlice<UInt8>] = []
        var end = 0
        while let value = place(of: field, from: end) {
            values.append(bytes[value])
            end = value.upperBound
        }
        return values
    }

    /// How many lines had this name.
    @inlinable public func count(of field: RequestField) -> Int {
        guard has(field) else { return 0 }
        var (count, end) = (0, 0)
        while let value = place(of: field, from: end) {
            count += 1
            end = value.upperBound
        }
        return count
    }

    /// Where the value of the next line with this name is, from the beginning of a line on.
    @usableFromInline func place(of field: RequestField, from start: Int) -> Range<Int>? {
        bytes.withUnsafeBytes { bytes in
            var start = start
            while start < used {
                let word = bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)
                start += MemoryLayout<UInt64>.size
                let end = start + Int(word >> 8)
                if UInt8(truncatingIfNeeded: word) == field.rawValue { return start..<end }
                start = end
            }
            return nil
        }
    }
}
