extension String {
    /// Whether it has a character of the general category Cc: U+0000–U+001F and U+007F–U+009F.
    ///
    /// It looks at the bytes, since the Unicode tables take longer than the rest of an idle poll.
    package var hasControlCharacters: Bool {
        withBytes { bytes in
            var previous: UInt8 = 0
            for byte in bytes {
                if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) { return true }
                previous = byte
            }
            return false
        }
    }
}
