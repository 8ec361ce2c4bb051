import HTTP

/// The preferences of a client, as far as they matter here (RFC 7240).
enum Preference {
    /// How many seconds the client would wait for its answer (section 4.3); nil where it names none, or none that is a whole number.
    ///
    /// Of several `wait` preferences the first counts (section 2). More seconds than a number can hold are as many as it can hold.
    static func wait(in fields: RequestFields) -> Int? {
        guard fields.has(.prefer) else { return nil }
        for line in fields.all(.prefer) {
            for preference in elements(of: line, separatedBy: UInt8(ascii: ",")) {
                // Parameters of a preference follow behind semicolons; `wait` has none that mean anything.
                guard let first = elements(of: preference, separatedBy: UInt8(ascii: ";")).first else { continue }
                let parts = first.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                guard isWait(parts[0].withoutBlanks) else { continue }
                return parts.count == 2 ? seconds(unquoted(parts[1].withoutBlanks)) : nil
            }
        }
        return nil
    }

    /// The field that says what is or would be applied (section 3). It is on each answer to a poll: clients would take one without it for an
    /// answer of a server that knows no waiting.
    ///
    /// - Parameter seconds: how long the answer may wait; nil where the client did not ask for that, or nothing waits.
    static func applied(wait seconds: Int?) -> Response.Field? {
        seconds.map { Response.Field("Preference-Applied", "wait=\($0)") }
    }

    private static func isWait(_ name: ArraySlice<UInt8>) -> Bool {
        name.count == 4 && zip(name, "wait".utf8).allSatisfy { $0 | 0x20 == $1 }
    }

    private static func seconds(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty else { return nil }
        var seconds = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (tenfold, isTooLarge) = seconds.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = tenfold.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            seconds = isTooLarge || overflows ? .max : sum
        }
        return seconds
    }

    /// The parts of a list; a separator inside a quoted string separates nothing (RFC 9110, section 5.6.4).
    private static func elements(of list: ArraySlice<UInt8>, separatedBy separator: UInt8) -> [ArraySlice<UInt8>] {
        var (parts, start, isQuoted, isEscaped) = ([ArraySlice<UInt8>](), list.startIndex, false, false)
        for place in list.indices {
            switch list[place] {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case separator where !isQuoted:
                parts.append(list[start..<place])
                start = place + 1
            default: break
            }
        }
        return parts + [list[start...]]
    }

    private static func unquoted(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let quote = UInt8(ascii: "\"")
        return value.count >= 2 && value.first == quote && value.last == quote ? value.dropFirst().dropLast() : value
    }
}
