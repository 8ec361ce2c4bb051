import Messaging

/// A page of a list as an array in JSON: as many entries as fit.
struct ConversationArray {
    /// The page with those entries.
    let page: ConversationPage
    /// How many bytes the array has.
    let size: Int
    /// The array; empty where only its size was wanted.
    let bytes: [UInt8]
    /// Where one entry ends in the array and the next begins, with its comma.
    let boundaries: [Int]
    /// The texts of its entries, by the key of the conversation.
    private(set) var texts: [Int64: EntryText] = [:]

    /// - Parameters:
    ///   - known: the texts of entries, where they are written already.
    ///   - mostSize: the most bytes, unless one entry has more.
    ///   - isWritten: whether the array is needed, and not only its size.
    init(
        _ page: ConversationPage, texts known: [Int64: EntryText] = [:], _ window: ListWindow, for viewer: UserID,
        embedded: Int, atMost mostSize: Int, isWritten: Bool
    ) {
        let needed = page.inOrderOfNeed(window)
        var json = JSONWriter(capacity: isWritten ? min(Self.size(of: page), mostSize) : 4096)
        var parts: [Range<Int>] = []
        var size = 1
        texts.reserveCapacity(needed.count)
        json.raw("[")
        for summary in needed {
            if !isWritten { json.cut(to: 1) } else if !parts.isEmpty { json.raw(",") }
            let start = json.count
            let text = known[summary.conversation.key] ?? EntryText(summary, for: viewer)
            json.conversation(summary, text, for: viewer, embedded: embedded)
            // One more for the comma or bracket after it.
            size += json.count - start + 1
            guard size <= mostSize || parts.isEmpty else {
                size -= json.count - start + 1
                json.cut(to: start - 1)
                break
            }
            parts.append(start..<json.count)
            texts[summary.conversation.key] = text
        }
        json.raw("]")
        self.page = page.cut(to: parts.count, window)
        self.size = max(size, 2)
        guard isWritten else {
            (bytes, boundaries) = ([], [])
            return
        }
        let ordered = Self.ordered(json.bytes, parts, needed.prefix(parts.count), window)
        (bytes, boundaries) = (ordered.bytes.withoutReserve, ordered.boundaries)
    }

    /// The array with its entries in the order that it shows, the latest activity first.
    private static func ordered(
        _ json: [UInt8], _ parts: [Range<Int>], _ needed: ArraySlice<ConversationSummary>, _ window: ListWindow
    ) -> (bytes: [UInt8], boundaries: [Int]) {
        let inPlace = (json, parts.dropLast().map(\.upperBound))
        guard case .since = window else { return inPlace }
        let order = needed.indices.sorted { needed[$0].activity > needed[$1].activity }
        guard order != Array(needed.indices) else { return inPlace }
        var (bytes, boundaries): ([UInt8], [Int]) = ([], [])
        bytes.reserveCapacity(json.count)
        for place in order {
            if !bytes.isEmpty { boundaries.append(bytes.count) }
            bytes.append(bytes.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
            bytes.append(contentsOf: json[parts[place]])
        }
        bytes.append(UInt8(ascii: "]"))
        return (bytes, boundaries)
    }

    /// About how many bytes a page has as JSON.
    private static func size(of page: ConversationPage) -> Int {
        page.conversations.reduce(64) { size, summary in
            size + 512 + summary.newest.textSize + summary.newest.count * 256
        }
    }
}

extension [UInt8] {
    /// The same, without unused memory where that is much.
    var withoutReserve: [UInt8] {
        capacity - count > count / 4 + 4096 ? Array(self[...]) : self
    }
}
