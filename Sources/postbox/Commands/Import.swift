import ArgumentParser
import Foundation
import Messaging

/// `postbox import`
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take over history from an existing system. A server may be running.",
        discussion: """
            The file has one JSON object a line (the third one is shown on two):

              {"kind":"user","id":"alice","name":"Alice","company":"Acme"}
              {"kind":"conversation","id":"conv-1","participantIds":["alice","bob"]}
              {"kind":"message","conversationId":"conv-1","senderId":"alice",
               "content":"Hi","timestamp":"2024-12-01T10:30:00Z"}
              {"kind":"read","conversationId":"conv-1","userId":"bob","upTo":"conv-1:1"}

            Messages are numbered in the order of their lines. "clientMessageId" in a message and "upTo" in a read marker \
            (everything so far) may be left out; "direct":true makes a conversation the direct one of its two people; every \
            line may name its "tenantId".

            "postbox export" writes the same lines, and some of them say more: "prunedUpTo" in a conversation is the number its \
            messages come after, "prunedBefore" the time before which messages were pruned, "activity" its place in lists (a greater one comes first; without it, the time of the last \
            message decides), and a message with "erased":true has no content.

            A second run adds nothing twice, and brings nothing back that was pruned: in a conversation that was there before, messages \
            from before the time up to which it was pruned are left out.

            A bad line is reported with its number, and then nothing of the file is applied. Beside a running server the lines are \
            looked at first, and then stored a few at a time, so that the server keeps its pace. What only the database can refuse, such \
            as a sender who does not take part, ends the import there; what came before stays, and the next run completes it. That \
            also holds where the command or the server is killed.
            """)

    @Argument(help: "The file to read; - is standard input.")
    var file: String

    @OptionGroup var database: DatabaseOption

    func run() throws {
        let reader = try Self.reader(of: file)
        let (messages, pruned) =
            switch try database.openForImport() {
            case .store(let store): try apply(reader, to: store)
            case .server(let server): try apply(reader, through: server)
            }
        let leftOut = pruned > 0 ? ", \(pruned) left out because they were pruned" : ""
        print("postbox: \(reader.lineNumber) lines read, \(messages) messages added\(leftOut)")
    }

    private static func reader(of file: String) throws(Failure) -> LineReader {
        guard let reader = LineReader(path: file) else { throw Failure(message: "cannot read \(file)", exitCode: 66) }
        return reader
    }

    /// Applies all lines or none.
    private func apply(_ reader: LineReader, to store: any OperatorStore) throws -> (messages: Int, pruned: Int) {
        defer { store.close() }
        do {
            let added = try Self.apply(lines: reader.next, to: store) { Report.line("\($0) lines read") }
            return (added.messages, added.pruned)
        } catch let error as ImportLineError {
            throw Failure.badData("\(file):\(reader.lineNumber): \(error.sentence)")
        } catch let error as ImportError {
            throw Failure.badData("\(file):\(reader.lineNumber): \(error.description)")
        }
    }

    /// Looks at all lines, and has the server store them.
    private func apply(_ reader: LineReader, through server: RemoteOperator) throws -> (messages: Int, pruned: Int) {
        defer { server.close() }
        // Where there is not enough for both, the server comes first.
        _ = nice(10)
        do {
            // What cannot be read twice, such as a pipe, is not looked at first.
            if LineReader.isRegular(file) { try checkLines() }
            var reported = 0
            let added = try server.importLines(reader.nextLine) { lines in
                guard lines / Self.interval > reported / Self.interval else { return }
                reported = lines
                Report.line("\(lines) lines stored")
            }
            return (added.messages, added.pruned)
        } catch let refusal as ImportRefusal {
            throw Failure.badData(
                "\(file):\(refusal.line): \(refusal.text) (the lines before it are stored; a further run completes the import)"
            )
        } catch let error as MessagingError {
            throw Failure.unavailable("the import is not complete; run it again to complete it: \(error.reason)")
        }
    }

    /// Refuses a file with a line that no database would take.
    private func checkLines() throws {
        let reader = try Self.reader(of: file)
        while let (line, number) = try reader.nextLine() {
            do {
                _ = try ImportLine.record(from: line, now: SystemClock.now())
            } catch let error as ImportLineError {
                throw Failure.badData("\(file):\(number): \(error.sentence)")
            }
        }
    }

    /// After how many lines progress is reported.
    private static let interval = 10_000

    /// Applies all lines or none; returns what that added.
    ///
    /// - Parameter progress: called from time to time with the number of lines that were read.
    static func apply(
        lines: () throws -> [UInt8]?, to store: any OperatorStore, progress: (Int) -> Void = { _ in }
    ) throws -> ImportSummary {
        var taken = 0
        return try store.importRecords {
            if taken > 0, taken.isMultiple(of: interval) { progress(taken) }
            while let line = try lines() {
                guard !line.isEmpty else { continue }
                taken += 1
                return try ImportLine.record(from: line, now: SystemClock.now())
            }
            return nil
        }
    }
}
