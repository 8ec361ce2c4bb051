import Foundation
import TestSupport

/// What a front end shows, of its list or of one conversation: a snapshot with every later delta merged into it by `id`.
struct MergedView<Entry: WireEntry>: Sendable {
    /// The path it polls.
    let path: String
    /// The parameter it always sends, such as `messages=3`; empty for none.
    let parameter: String
    private(set) var entries: [String: Entry] = [:]
    /// Where to go on from; nil before the first snapshot.
    private(set) var cursor: String?
    /// The older page that it has not got yet; nil where it has everything.
    private(set) var previous: String?
    /// Whether the last answer had everything up to that moment.
    private(set) var isUpToDate = false
    private var next: String?
    private var remembered: [String] = []

    init(path: String, parameter: String = "") {
        self.path = path
        self.parameter = parameter
    }

    /// The message number from which on it has everything; 1 where no older page is left.
    var floor: Int {
        guard let previous, let before = previous.split(separator: "before=").last else { return 1 }
        return Int(before.prefix { $0.isNumber }) ?? 1
    }

    /// Polls in one of the ways a front end may.
    mutating func poll(_ browser: inout Browser, _ chance: inout Generator, _ access: CheckedAccess) async throws {
        isUpToDate = false
        guard cursor != nil else { return try await start(&browser, &chance, access) }
        switch Int.random(in: -1..<16, using: &chance) {
        case ..<2: try await start(&browser, &chance, access)
        case 2..<6: _ = try await followOnce(&browser, &chance, access)
        case 6..<9: try await followToEnd(&browser, &chance, access)
        case 9..<12: try await followLink(&browser, &chance, access)
        case 12..<14: try await followOlderCursor(&browser, &chance, access)
        case 14: try await fetchOlder(&browser, &chance, access)
        default: try await startFromOlderPage(&browser, &chance, access)
        }
    }

    /// Throws everything away and takes a snapshot.
    private mutating func start(_ browser: inout Browser, _ chance: inout Generator, _ access: CheckedAccess)
        async throws
    {
        // A plain GET, which has the default limit, is what most front ends send.
        let limit = chance.once(in: 2) ? nil : chance.limit()
        let asked = url(limit.map { "limit=\($0)" })
        try restart(with: try await browser.get(asked, conditional: !chance.once(in: 4), access), from: asked)
    }

    /// Throws everything away and takes an older page for a snapshot.
    private mutating func startFromOlderPage(
        _ browser: inout Browser, _ chance: inout Generator, _ access: CheckedAccess
    ) async throws {
        guard let previous else { return }
        let page = try await browser.get(previous, conditional: !chance.once(in: 4), access)
        try restart(with: page, from: previous)
        // What is newer than the page comes with the deltas, however old the snapshot was that led to it.
        isUpToDate = false
    }

    /// Asks once for what changed; answers whether there was anything.
    private mutating func followOnce(
        _ browser: inout Browser, _ chance: inout Generator, _ access: CheckedAccess
    ) async throws -> Bool {
        guard let from = cursor else { return false }
        let asked = url("since=\(from)", "limit=\(chance.limit())")
        let page = try await browser.get(asked, conditional: !chance.once(in: 3), access)
        return try take(page, from: asked, since: from, access, adopting: true)
    }

    /// Asks for what changed until there is nothing.
    mutating func followToEnd(_ browser: inout Browser, _ chance: inout Generator, _ access: CheckedAccess) async throws
    {
        // Others may go on writing meanwhile, but not that much.
        for _ in 0..<2000 {
            guard try await followOnce(&browser, &chance, access) else { return }
        }
        throw Violation(description: "\(browser.user) follows \(path) for ever")
    }

    /// Goes where the last answer's `rel="next"` leads.
    private mutating func followLink(_ browser: inout Browser, _ chance: inout Generator, _ access: CheckedAccess)
        async throws
    {
        guard let next, let from = cursor else { return }
        let page = try await browser.get(next, conditional: !chance.once(in: 4), access)
        _ = try take(page, from: next, since: from, access, adopting: true)
    }

    /// Asks for what changed after a cursor of long ago, and goes on from there or from where it was.
    private mutating func followOlderCursor(
        _ browser: inout Browser, _ chance: inout Generator, _ access: CheckedAccess
    ) async throws {
        guard !remembered.isEmpty else { return }
        let from = chance.pick(remembered)
        let asked = url("since=\(from)", "limit=\(chance.limit())")
        let page = try await browser.get(asked, conditional: !chance.once(in: 3), access)
        _ = try take(page, from: asked, since: from, access, adopting: chance.once(in: 2))
    }

    /// Gets the page before the oldest, if there is one.
    mutating func fetchOlder(_ browser: inout Browser, _ chance: inout Generator, _ access: CheckedAccess) async throws
    {
        guard let previous else { return }
        let page = try await browser.get(previous, conditional: !chance.once(in: 4), access)
        try merge(try parse([Entry].self, page.body), limit: Self.limit(of: previous))
        drop(upTo: page.prunedUpTo)
        self.previous = page.previous
    }

    private mutating func restart(with page: Browser.Page, from asked: String) throws {
        let found = try parse([Entry].self, page.body)
        entries = [:]
        remembered = []
        try merge(found, limit: Self.limit(of: asked))
        drop(upTo: page.prunedUpTo)
        adopt(page)
        previous = page.previous
        isUpToDate = true
    }

    private mutating func take(
        _ page: Browser.Page, from asked: String, since from: String, _ access: CheckedAccess, adopting: Bool
    ) throws -> Bool {
        let limit = Self.limit(of: asked)
        let found = try parse([Entry].self, page.body)
        try merge(found, limit: limit)
        drop(upTo: page.prunedUpTo)
        try require(found.isEmpty || page.cursor != from, "a delta with news leaves the cursor at \(from) in \(path)")
        try require(page.previous == nil, "a delta of \(path) has a rel=prev")
        isUpToDate = access.server.answers.mayCut ? found.isEmpty : found.count < limit
        if adopting { adopt(page) }
        return !found.isEmpty
    }

    private mutating func merge(_ found: [Entry], limit: Int) throws {
        try require(found.count <= limit, "\(found.count) entries for limit=\(limit) in \(path)")
        try require(Entry.areInOrder(found), "out of order in \(path): \(found.map(\.id))")
        for entry in found {
            let contradiction = entries[entry.id].flatMap { entry.contradiction(of: $0) }
            try require(contradiction == nil, "in \(path), \(contradiction ?? "")")
            entries[entry.id] = entry
        }
    }

    /// Drops what was pruned, as the contract tells clients to.
    private mutating func drop(upTo pruned: Int) {
        guard pruned > 0 else { return }
        entries = entries.filter { ($0.value as? WireMessage).map { $0.n > pruned } ?? true }
    }

    private mutating func adopt(_ page: Browser.Page) {
        cursor = page.cursor
        next = page.next
        remembered.append(page.cursor)
    }

    /// The limit in a URL, or the default of the contract.
    private static func limit(of url: String) -> Int {
        guard let place = url.range(of: "limit=") else { return 100 }
        return Int(url[place.upperBound...].prefix { $0.isNumber }) ?? 100
    }

    /// Its URL with these parameters and its own.
    func url(_ parameters: String?...) -> String {
        let given = parameters.compactMap { $0 } + (parameter.isEmpty ? [] : [parameter])
        return given.isEmpty ? path : "\(path)?\(given.joined(separator: "&"))"
    }
}
