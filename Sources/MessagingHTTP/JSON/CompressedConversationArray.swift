import Compression
import Messaging

/// The newest page of a list as an array in JSON, compressed: as many entries as fit. It is the same as a compressed ``ConversationArray``.
///
/// Each entry is compressed apart from the others, so that it can be kept. See ``PollResponse/compressed()`` for the other reason.
struct CompressedConversationArray {
    /// The page with those entries.
    let page: ConversationPage
    /// How many bytes the array has without the compression.
    let size: Int
    /// The texts of its entries with their compressed form, by the key of the conversation.
    let texts: [Int64: EntryText]
    /// Whether any of them was not compressed before.
    let isCompressedAnew: Bool
    private let parts: [GzipPart]

    /// Compresses the entries that are not compressed yet; nil where there is no memory for it.
    ///
    /// - Parameters:
    ///   - known: the texts of entries, where they are written already.
    ///   - mostSize: the most bytes without the compression, unless one entry has more.
    init?(
        _ page: ConversationPage, texts known: [Int64: EntryText], for viewer: UserID, embedded: Int,
        atMost mostSize: Int
    ) {
        var json = JSONWriter(capacity: 16 << 10)
        var (texts, ends, unknown): ([EntryText], [Int], [Int]) = ([], [], [])
        var size = 1
        for summary in page.conversations {
            var text = known[summary.conversation.key] ?? EntryText(summary, for: viewer)
            let start = json.count
            if text.compressed?.embedded != embedded {
                text.compressed = nil
                json.conversation(summary, text, for: viewer, embedded: embedded)
            }
            // One more for the comma or bracket after it.
            let more = (text.compressed?.part.size ?? json.count - start) + 1
            guard size + more <= mostSize || texts.isEmpty else {
                json.cut(to: start)
                break
            }
            size += more
            if text.compressed == nil {
                unknown.append(texts.count)
                ends.append(json.count)
            }
            texts.append(text)
        }
        self.page = page.cut(to: texts.count, .newest)
        self.size = max(size, 2)
        isCompressedAnew = !unknown.isEmpty
        if isCompressedAnew {
            guard let parts = Gzip.parts(of: json.bytes, apartAt: ends.dropLast()) else { return nil }
            for (place, part) in zip(unknown, parts) { texts[place].compressed = (embedded, part) }
        }
        parts = texts.compactMap { $0.compressed?.part }
        let keys = page.conversations.prefix(texts.count).map(\.conversation.key)
        self.texts = Dictionary(zip(keys, texts)) { first, _ in first }
    }

    /// The array as one gzip member.
    var bytes: [UInt8] {
        var all = [Self.start]
        for part in parts {
            if all.count > 1 { all.append(Self.comma) }
            all.append(part)
        }
        return Gzip.join(all + [Self.end])
    }

    private static let start = GzipPart(UInt8(ascii: "["))
    private static let comma = GzipPart(UInt8(ascii: ","))
    private static let end = GzipPart(UInt8(ascii: "]"))
}
