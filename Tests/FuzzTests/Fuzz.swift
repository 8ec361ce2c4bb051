import Foundation
import TestSupport
import Testing

/// Feeds a parser with mutated inputs: a fixed number of them, or as many as whoever runs this by hand asks for.
///
/// `POSTBOX_FUZZ_INPUTS=100000000 swift test --filter FuzzTests` runs for hours; `POSTBOX_FUZZ_SEED` repeats a run.
enum Fuzz {
    private static let environment = ProcessInfo.processInfo.environment

    private static let seed = environment["POSTBOX_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_241_201

    private static func count(_ usual: Int) -> Int {
        environment["POSTBOX_FUZZ_INPUTS"].flatMap { Int($0) } ?? usual
    }

    /// An input that shows something wrong.
    struct Finding: Error, CustomStringConvertible {
        let description: String
    }

    /// Calls `attempt` with inputs made of these seeds, and first with the seeds themselves; what it throws is reported.
    static func run(
        _ usual: Int, seeds: [String], more: [[UInt8]] = [], _ attempt: (_ input: [UInt8]) async throws -> Void
    ) async throws {
        var mutator = Mutator(seeds: seeds.map { Array($0.utf8) } + more, chance: Generator(seed: seed))
        // A trap leaves no time for a word, so the input that is being tried lies in a file where somebody asks for that.
        let trace = environment["POSTBOX_FUZZ_TRACE"]
        for input in mutator.seeds { try await attempt(input) }
        for number in 0..<count(usual) {
            let input = mutator.next()
            // Tests that wait for something share these threads.
            if number.isMultiple(of: 20) { await Task.yield() }
            if let trace { _ = FileManager.default.createFile(atPath: trace, contents: Data(input)) }
            do {
                try await attempt(input)
            } catch {
                throw Finding(
                    description: """
                        \(error)
                        input \(number) of seed \(seed): \(Data(input).base64EncodedString())
                        as text: \(String(decoding: input.prefix(500), as: UTF8.self).debugDescription)
                        """)
            }
        }
    }

    /// Throws unless something holds.
    static func check(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        guard holds else { throw Finding(description: what()) }
    }
}
