import ArgumentParser

/// `postbox nodes`
struct Nodes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the servers of a PostgreSQL database. Servers may run.",
        discussion: """
            One line for each process that serves the database or changes it, the oldest first: its name, its version, when it joined, the \
            last row of the feed that it has, how many rows it did not have when it last said so (half a second ago at most), how old \
            its last look at the feed was then, and its --freshness-bound. A server that nobody polls does not look; one that is alone \
            need not.

            A server that was killed is in the list until another one takes its line away, some ten seconds later.
            """)

    @OptionGroup var database: DatabaseOption

    func run() throws {
        let lines =
            [["NODE", "VERSION", "JOINED", "POSITION", "BEHIND", "LAST LOOK", "BOUND"]] + (try database.nodes())
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        for line in lines {
            let cells = line.enumerated().map { $1.padding(to: widths[$0]) }
            print(cells.joined(separator: "  ").trimmingTrailingSpaces())
        }
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(width - count, 0))
    }

    fileprivate func trimmingTrailingSpaces() -> String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
