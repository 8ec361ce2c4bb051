/// The secret of a store that its cursors are made with: 128 random bits, kept in the store as long as it exists.
///
/// Every node on one store has the same one. A restore keeps it: what is made with it depends on the epoch wherever it must not
/// be the same after that.
public struct CursorKey: Hashable, Sendable {
    /// How many bytes it has.
    public static let length = 16

    private let key: SipHash.Key

    /// Makes a key out of 128 random bits.
    public init(random low: UInt64, _ high: UInt64) {
        key = SipHash.Key(low: low, high: high)
    }

    /// A key that the system's generator makes.
    public static func random() -> CursorKey {
        CursorKey(random: .random(in: .min ... .max), .random(in: .min ... .max))
    }

    /// Takes the 16 bytes of a key; nil for any other number of bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        func word(_ part: some Collection<UInt8>) -> UInt64 { part.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(random: word(bytes.prefix(8)), word(bytes.dropFirst(8)))
    }

    /// The bytes, for the store to keep.
    public var bytes: [UInt8] {
        [key.low, key.high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    }

    /// The purpose of a hash, so that different uses of the key are independent.
    private enum Use: UInt8 {
        case list = 1
        case messages
    }

    private func hash(for use: Use) -> SipHash {
        var hash = SipHash(key: key)
        hash.combine(use.rawValue)
        return hash
    }

    /// The permutation that hides the change numbers in one caller's list cursors; each caller and each epoch has another one.
    func permutation(for caller: Caller, epoch: Epoch) -> Permutation {
        var hash = hash(for: .list)
        hash.combine(epoch.text)
        hash.combine(caller.tenant.text)
        hash.combine(caller.user.text)
        let low = hash.value
        hash.combine(0)
        return Permutation(key: SipHash.Key(low: low, high: hash.value))
    }

    /// The fingerprints that identify one viewer's view of one conversation in message cursors.
    ///
    /// A conversation of the same id in another tenant is the same conversation to another viewer.
    public func view(of conversation: ConversationID, by viewer: Caller) -> MessageCursor.View {
        var hash = hash(for: .messages)
        hash.combine(conversation.text)
        let idHash = hash.value
        hash.combine(viewer.tenant.text)
        hash.combine(viewer.user.text)
        return MessageCursor.View(conversation: idHash, viewer: hash.value)
    }
}
