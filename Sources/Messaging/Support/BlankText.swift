extension String {
    /// Whether nothing of it can be seen: it is empty, or has only white space and invisible characters.
    ///
    /// Those are what Unicode calls White_Space and Default_Ignorable_Code_Point, and the blank braille pattern, which to Unicode is a
    /// symbol like its neighbours.
    public var isBlank: Bool { !unicodeScalars.contains { !$0.isInvisible } }
}

extension Unicode.Scalar {
    /// Whether it leaves nothing to see: white space and what is ignored where text is drawn.
    var isInvisible: Bool {
        // The Unicode tables take far longer, and nearly all text begins with one of these.
        if (0x21...0x7E).contains(value) { return false }
        return properties.isWhitespace || properties.isDefaultIgnorableCodePoint || self == "\u{2800}"
    }
}
