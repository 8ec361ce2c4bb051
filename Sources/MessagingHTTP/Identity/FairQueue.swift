/// A queue of many sources: each source's items come out in order, and the sources take turns.
///
/// It is bounded in count and in bytes. Where it is full, the source that has most in it loses what came last, so that one source
/// cannot keep the others out.
struct FairQueue<Source: Hashable & Sendable, Element: Sendable>: Sendable {
    private typealias Entry = (element: Element, size: Int)

    private let countLimit: Int
    private let sizeLimit: Int
    private var lines: [Source: FirstInFirstOut<Entry>] = [:]
    /// The sources that have something waiting; whose turn it is comes first.
    private var turns = FirstInFirstOut<Source>()
    /// How many elements wait.
    private(set) var count = 0
    /// How many bytes those that wait take.
    private(set) var size = 0

    /// - Parameters:
    ///   - countLimit: the most elements that wait at a time.
    ///   - sizeLimit: the most bytes that they take.
    init(countLimit: Int, sizeLimit: Int) {
        self.countLimit = countLimit
        self.sizeLimit = sizeLimit
    }

    /// Adds an element of `size` bytes; returns those for which there is no room any more, which may be the new one.
    mutating func add(_ element: Element, size: Int, from source: Source) -> [Element] {
        if lines[source] == nil { turns.append(source) }
        lines[source, default: FirstInFirstOut()].append((element, size))
        count += 1
        self.size += size
        var displaced: [Element] = []
        while count > countLimit || self.size > sizeLimit, let entry = dropNewest(of: longest(preferring: source)) {
            count -= 1
            self.size -= entry.size
            displaced.append(entry.element)
        }
        return displaced
    }

    /// Takes the element whose turn it is; nil where none waits.
    mutating func next() -> Element? {
        while let source = turns.popFirst() {
            // A source that lost all it had still has its turn.
            guard let entry = lines[source]?.popFirst() else {
                lines[source] = nil
                continue
            }
            if lines[source]?.isEmpty == true { lines[source] = nil } else { turns.append(source) }
            count -= 1
            size -= entry.size
            return entry.element
        }
        return nil
    }

    /// Of several that have most, the newcomer's own source.
    private func longest(preferring newcomer: Source) -> Source {
        let own = lines[newcomer]?.count ?? 0
        let other = lines.max { $0.value.count < $1.value.count }
        guard let other, other.value.count > own else { return newcomer }
        return other.key
    }

    private mutating func dropNewest(of source: Source) -> Entry? { lines[source]?.popLast() }
}

/// A queue in an array whose elements are taken at the front in constant time, on average.
private struct FirstInFirstOut<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var start = 0

    var count: Int { elements.count - start }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard start < elements.count else { return nil }
        defer {
            elements[start] = nil
            start += 1
            if start * 2 > elements.count {
                elements.removeFirst(start)
                start = 0
            }
        }
        return elements[start]
    }

    mutating func popLast() -> Element? {
        guard start < elements.count, let last = elements.popLast() else { return nil }
        return last
    }
}
