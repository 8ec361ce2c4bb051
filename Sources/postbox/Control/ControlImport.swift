import Messaging
import StoreWork
import Synchronization

/// An import over a control connection: batches of lines, each stored in steps with rests in between. It belongs to the thread of the
/// connection.
final class ControlImport {
    /// The most lines of a batch.
    static let mostLines = 1000
    /// The most bytes of a batch, unless it is a single line.
    static let mostBytes = 1 << 20

    /// The one place for an import: each keeps in memory how far it is.
    final class Place: Sendable {
        private let isTaken = Atomic(false)

        fileprivate func take() -> Bool { !isTaken.exchange(true, ordering: .acquiringAndReleasing) }
        fileprivate func leave() { isTaken.store(false, ordering: .releasing) }
    }

    private let place: Place
    private let store: any SteppedImport
    private let isStopping: () -> Bool

    /// Begins an import.
    ///
    /// - Parameters:
    ///   - store: the store that takes the records.
    ///   - place: what no other import has at the same time.
    ///   - isStopping: whether the server stops, so that the rest must wait for the next run.
    /// - Throws: ``ControlRefusal`` where another import has the place.
    init(into store: any ServedStore, at place: Place, isStopping: @escaping () -> Bool) throws(ControlRefusal) {
        guard place.take() else {
            throw ControlRefusal(reason: .overloaded, text: "another import is on its way; run this one after it")
        }
        self.place = place
        self.store = store.beginImport()
        self.isStopping = isStopping
    }

    deinit {
        place.leave()
    }

    /// Stores the lines of a batch.
    ///
    /// - Throws: ``ControlRefusal``, with the number of the line in the batch where one is wrong. The lines before it are stored.
    func take(_ lines: [[UInt8]]) throws(ControlRefusal) -> ControlAnswer {
        var records: [ImportRecord] = []
        var badLine: ControlRefusal?
        for line in lines {
            do {
                records.append(try ImportLine.record(from: line, now: SystemClock.now()))
            } catch {
                let sentence = (error as? ImportLineError)?.sentence ?? "\(error)"
                badLine = ControlRefusal(reason: .badLine, text: sentence, line: records.count + 1)
                break
            }
        }
        try store(records)
        if let badLine { throw badLine }
        return .imported(store.summary.control)
    }

    private func store(_ records: [ImportRecord]) throws(ControlRefusal) {
        var rest = records[...]
        while !rest.isEmpty {
            let first = rest.startIndex
            try step(line: first + 1) { rest = rest.dropFirst(try store.store(rest)) }
        }
    }

    /// Brings the conversations into order.
    ///
    /// - Throws: ``ControlRefusal``.
    func finish() throws(ControlRefusal) -> ControlAnswer {
        var isDone = false
        while !isDone { try step(line: nil) { isDone = try store.arrange() } }
        return .imported(store.summary.control)
    }

    /// Takes a step, and rests.
    private func step(line: Int?, _ work: () throws -> Void) throws(ControlRefusal) {
        guard !isStopping() else { throw ControlRefusal.stopping }
        let start = ContinuousClock.now
        do {
            try work()
        } catch let error as ImportError {
            throw ControlRefusal(reason: .badLine, text: error.description, line: line)
        } catch let error as MessagingError {
            throw ControlRefusal(error)
        } catch {
            throw ControlRefusal(reason: .unavailable, text: "\(error)")
        }
        Pause.take(StepPace.rest(after: .now - start))
    }
}

/// What an import has done so far, as it is sent.
struct ControlImported: Codable, Equatable {
    /// How many messages it stored.
    let messages: Int
    /// How many messages it left out because they were pruned.
    let pruned: Int
}

extension ImportSummary {
    /// What a client is told of it.
    fileprivate var control: ControlImported { ControlImported(messages: messages, pruned: pruned) }
}
