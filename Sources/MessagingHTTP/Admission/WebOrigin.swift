/// An origin, in the one form in which browsers and apps send it (RFC 6454, section 6.2; URL Standard, section 3.5).
public struct WebOrigin: Sendable, Equatable {
    /// The origin as it is sent, such as `https://app.example.org` or `capacitor://localhost`.
    public let text: String
    private let parts: WebOriginReader.Parts

    /// Takes an origin that is exactly as it is sent.
    ///
    /// - Throws: what is wrong with it, and what would be right where that can be told.
    public init(_ text: String) throws(WebOriginFault) {
        var reader = WebOriginReader(text)
        parts = try reader.read()
        guard parts.text == text else {
            throw WebOriginFault(text, reader.deviation ?? "it is not as browsers send it", correction: parts.text)
        }
        self.text = text
    }

    /// Whether its pages come from a web server on the browser's own machine.
    var isOfLoopback: Bool {
        parts.isOfWeb && Authority(Array(parts.host.utf8)[...])?.isLoopback == true
    }
}

/// Why a text is no origin that browsers send; as text, a sentence with the text in it and what would be right.
public struct WebOriginFault: Error, Equatable, CustomStringConvertible {
    private let text: String
    private let reason: String
    /// What is sent in its place, where that can be told.
    public let correction: String?

    init(_ text: String, _ reason: String, correction: String? = nil) {
        self.text = text
        self.reason = reason
        self.correction = correction
    }

    /// A sentence for the person who wrote the text.
    public var description: String {
        let sentence = "\"\(shown)\" is no origin that browsers send: \(reason)"
        return correction.map { "\(sentence); use \($0)" } ?? sentence
    }

    /// The text without what could steer a terminal.
    private var shown: String {
        text.unicodeScalars.reduce(into: "") { shown, scalar in
            let isHidden = [.control, .format, .lineSeparator, .paragraphSeparator]
                .contains(scalar.properties.generalCategory)
            shown += isHidden ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
    }
}
