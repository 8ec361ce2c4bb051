import ArgumentParser

/// Refuses commands that do not exist, which the parser calls unexpected arguments.
enum CommandNames {
    /// - Throws: ``Failure`` that names the command and the nearest one that exists.
    static func check(_ arguments: [String]) throws(Failure) {
        var commands = Postbox.configuration.subcommands
        var path = ""
        for argument in arguments {
            guard !commands.isEmpty, !argument.hasPrefix("-"), argument != "help" else { return }
            let names = commands.map { $0._commandName }
            guard let index = names.firstIndex(of: argument) else {
                let nearest = Spelling.nearest(to: argument, among: names)
                throw .badUsage(
                    "there is no command \(path)\(argument); the nearest is \(path)\(nearest), and postbox --help lists all"
                )
            }
            commands = commands[index].configuration.subcommands
            path += "\(argument) "
        }
    }
}
