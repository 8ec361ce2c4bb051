import ArgumentParser
import Foundation

/// An option or a flag of a command, as the parser describes it.
struct DescribedOption: Sendable {
    enum Kind {
        case option, flag
    }

    /// The long name, without its hyphens.
    let name: String
    let kind: Kind
    /// Whether it may be given more than once.
    let isRepeating: Bool
}

extension ParsableArguments {
    /// All options and flags except `--help`, with those of the groups.
    ///
    /// Empty where a later version of the parser describes itself in another way: then every variable is refused.
    static var describedOptions: [DescribedOption] {
        guard let help = try? JSONDecoder().decode(DumpedHelp.self, from: Data(_dumpHelp().utf8)) else { return [] }
        return (help.command.arguments ?? []).compactMap(DescribedOption.init).filter { $0.name != "help" }
    }
}

/// The parts of what `--experimental-dump-help` prints that are needed here.
private struct DumpedHelp: Decodable {
    struct Command: Decodable {
        let arguments: [Argument]?
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            let name: String
        }

        let kind: String
        let preferredName: Name?
        let isRepeating: Bool
    }

    let command: Command
}

extension DescribedOption {
    /// Nil for an argument that is neither option nor flag.
    fileprivate init?(_ argument: DumpedHelp.Argument) {
        guard let name = argument.preferredName?.name else { return nil }
        switch argument.kind {
        case "option": self.init(name: name, kind: .option, isRepeating: argument.isRepeating)
        case "flag": self.init(name: name, kind: .flag, isRepeating: argument.isRepeating)
        default: return nil
        }
    }
}
