/// Makes and reads the cursors of one caller's list of conversations, e.g. `k3f9.iejyu3dmygwae`: the epoch, and an encrypted position.
///
/// A position is a change number from one counter of the store. A caller who saw the numbers could count the changes of all users. So
/// each caller gets the numbers in a permutation of their own. From two cursors a caller learns only whether they are the same
/// position.
public struct ListCursors: Sendable {
    /// The longest cursor, in bytes, of this form or the former one.
    private static let maximumLength = 36
    /// The number of digits that hold 64 bits with a letter as the first.
    private static let digits = 13

    private let caller: Caller
    private let epoch: Epoch
    private let key: CursorKey
    private let known: ListFreshness?
    /// Nil until it is needed: making it costs more than everything else here, and nearly every poll has the known position.
    private let made: Permutation?

    /// Makes cursors for a caller.
    ///
    /// - Parameters:
    ///   - epoch: the present epoch of the store.
    ///   - key: the cursor key of the store.
    ///   - known: a change number whose image is known already; nil where there is none.
    public init(of caller: Caller, epoch: Epoch, key: CursorKey, known: ListFreshness? = nil) {
        self.caller = caller
        self.epoch = epoch
        self.key = key
        self.known = known?.image == 0 ? nil : known
        made = self.known == nil ? key.permutation(for: caller, epoch: epoch) : nil
    }

    private var permutation: Permutation { made ?? key.permutation(for: caller, epoch: epoch) }

    /// The image of this change number in the caller's cursors.
    public func image(of change: Int64) -> UInt64 {
        if let known, known.change == change { return known.image }
        return permutation.image(of: Self.position(change, isJustBelow: false))
    }

    /// The cursor of the position that covers all changes up to this one: a change of the caller's list, or 0.
    public func text(at change: Int64) -> String { text(image(of: change)) }

    /// The cursor of a position just below a change of the caller's list.
    ///
    /// It differs from the cursor of the preceding number, which may be another user's change. If the two were equal, a caller could
    /// see that no other user changed anything between two of the caller's own changes.
    public func text(justBelow change: Int64) -> String {
        text(permutation.image(of: Self.position(change, isJustBelow: true)))
    }

    /// Reads `since`: the number up to which all changes are known, given the caller's latest change.
    ///
    /// - Throws: ``CursorError``.
    public func changesKnown(by text: String, current: Int64) throws(CursorError) -> Int64 {
        let (change, isJustBelow) = try read(text, current)
        return isJustBelow ? max(change - 1, 0) : change
    }

    /// Reads `before`: the change that an older page ends below, given the caller's latest change.
    ///
    /// - Throws: ``CursorError``.
    public func pageEnd(in text: String, current: Int64) throws(CursorError) -> Int64 {
        try read(text, current).change
    }

    private static func position(_ change: Int64, isJustBelow: Bool) -> UInt64 {
        UInt64(bitPattern: change) << 1 | (isJustBelow ? 1 : 0)
    }

    private func text(_ image: UInt64) -> String {
        CursorText.make { text in
            text.append(epoch)
            text.append(image, digits: Self.digits)
        }
    }

    /// A cursor of the former form has the change number itself, in decimal digits. The second part of the present form never begins
    /// with a digit.
    private func read(_ text: String, _ current: Int64) throws(CursorError) -> (change: Int64, isJustBelow: Bool) {
        guard text.utf8.count <= Self.maximumLength else { throw .malformed }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 2, let given = Epoch(Substring(parts[0])) else { throw .malformed }
        if DecimalNumber.parse(parts[1]) != nil { throw .expired }
        guard let image = Base32.parse(parts[1], digits: Self.digits) else { throw .malformed }
        guard given == epoch else { throw .expired }
        if let known, known.image == image, known.change <= current { return (known.change, false) }
        let position = permutation.number(of: image)
        let change = Int64(position >> 1)
        guard change <= current else { throw .expired }
        return (change, position & 1 == 1)
    }
}

/// A permutation of the 64-bit numbers that looks random without the key.
///
/// A balanced Feistel network whose round function is ``SipHash``. Six rounds withstand every attack with fewer than about 2^32
/// numbers and their images (Patarin, "Security of Random Feistel Schemes with 5 or More Rounds", CRYPTO 2004).
struct Permutation: Sendable {
    private static let rounds: UInt8 = 6

    private let start: SipHash

    init(key: SipHash.Key) {
        start = SipHash(key: key)
    }

    func image(of number: UInt64) -> UInt64 {
        var (left, right) = (UInt32(truncatingIfNeeded: number >> 32), UInt32(truncatingIfNeeded: number))
        for round in 0..<Self.rounds { (left, right) = (right, left ^ mixed(right, round)) }
        return UInt64(left) << 32 | UInt64(right)
    }

    func number(of image: UInt64) -> UInt64 {
        var (left, right) = (UInt32(truncatingIfNeeded: image >> 32), UInt32(truncatingIfNeeded: image))
        for round in (0..<Self.rounds).reversed() { (left, right) = (right ^ mixed(left, round), left) }
        return UInt64(left) << 32 | UInt64(right)
    }

    private func mixed(_ half: UInt32, _ round: UInt8) -> UInt32 {
        var hash = start
        hash.combine(UInt64(half) | UInt64(round) << 32, bytes: 5)
        return UInt32(truncatingIfNeeded: hash.value)
    }
}
