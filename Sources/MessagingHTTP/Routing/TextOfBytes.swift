extension String {
    /// The text that these bytes are in UTF-8; nil where they are none.
    ///
    /// Nearly all requests are ASCII, for which the library's own validation takes thirty times as long.
    init?(ofUTF8 bytes: some Collection<UInt8>) {
        let ascii = bytes.withContiguousStorageIfAvailable { bytes in
            bytes.allSatisfy { $0 < 0x80 } ? String(decoding: bytes, as: UTF8.self) : nil
        }
        if let ascii = ascii ?? nil {
            self = ascii
        } else {
            self.init(validating: bytes, as: UTF8.self)
        }
    }
}
