import ArgumentParser
import Foundation
import Messaging

/// `postbox import`
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take over history from an existing system. A server on a file must be stopped.",
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
            from before the time up to which it was pruned are left out. A bad line is reported with its number, and then \
            nothing of the file is applied.
            """)

    @Argument(help: "The file to read.")
    var file: String

    @OptionGroup var database: DatabaseOption

    func run() throws {
        guard let reader = LineReader(path: file) else { throw Failure(message: "cannot read \(file)", exitCode: 66) }
        let store = try database.openAlone()
        defer { store.close() }
        do {
            let added = try Self.apply(lines: reader.next, to: store) { lines in
                Report.line("\(lines) lines read")
            }
            let leftOut = added.pruned > 0 ? ", \(added.pruned) left out because they were pruned" : ""
            print("postbox: \(reader.lineNumber) lines read, \(added.messages) messages added\(leftOut)")
        } catch let error as ImportLineError {
            throw Failure.badData("\(file):\(reader.lineNumber): \(error.sentence)")
        } catch let error as ImportError {
            throw Failure.badData("\(file):\(reader.lineNumber): \(error.description)")
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
