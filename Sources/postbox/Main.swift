import ArgumentParser
import CArguments
import Foundation

/// Runs the command and turns every error into one line and an exit code.
@main
enum Main {
    static func main() {
        Descriptors.fillStandard()
        do {
            let environment = ProcessInfo.processInfo.environment
            let given = try ProcessArguments.read()
            ProcessArguments.hidePasswords(given)
            let arguments = try EnvironmentArguments.merged(into: given, environment)
            try CommandNames.check(given)
            var command = try Postbox.parseAsRoot(arguments)
            // A server writes the notice to its log.
            if !(command is Serve), !EnvironmentArguments.asksForInformation(given) {
                ServiceVariables.notice(environment).map(Report.line)
            }
            try command.run()
            guard fflush(nil) == 0 else {
                throw Failure(
                    message: "that is done, but standard output cannot be written: \(String(cString: strerror(errno)))",
                    exitCode: 74)
            }
        } catch let failure as Failure {
            complain(failure.message)
            exit(failure.exitCode)
        } catch {
            let code = Postbox.exitCode(for: error)
            // The parser reports a request for help as an error with exit code 0.
            guard !code.isSuccess else { Postbox.exit(withError: error) }
            complain(Postbox.message(for: error))
            exit(code.rawValue)
        }
    }

    private static func complain(_ message: String) {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        FileHandle.standardError.write(Data("postbox: \(line)\n".utf8))
    }
}

/// The arguments that the process was started with, as `main` of a C program gets them.
enum ProcessArguments {
    /// Returns all arguments but the name of the program.
    ///
    /// - Throws: ``Failure`` where they are unknown, because a command that is lost must not look like one that was not given; and for an
    ///   argument that is not UTF-8, because a file name would be read as another one.
    static func read() throws(Failure) -> [String] {
        let count = postbox_argument_count()
        guard count > 0 else {
            throw Failure(message: "the arguments of this process are unknown", exitCode: 71)
        }
        var arguments: [String] = []
        for index in 1..<count {
            guard let argument = String(validatingCString: postbox_argument(index)) else {
                throw .badUsage("argument \(index) is not valid UTF-8")
            }
            arguments.append(argument)
        }
        return arguments
    }

    /// Takes passwords of a database out of what other users of this machine see of the arguments, as in ps(1).
    ///
    /// They were there until now, so a password file is the better place.
    static func hidePasswords(_ arguments: [String]) {
        for (index, argument) in arguments.enumerated() {
            guard let shown = DatabaseAddress.withoutPassword(argument) else { continue }
            postbox_replace_argument(Int32(index + 1), shown)
        }
    }
}

/// Refuses commands that do not exist, which the parser calls unexpected arguments.
enum CommandNames {
    /// - Throws: ``Failure`` that names the command and the nearest one that exists.
    static func check(_ arguments: [String]) throws(Failure) {
        var commands = Postbox.configuration.subcommands
        var path = ""
        for argument in arguments {
            guard !commands.isEmpty, !argument.hasPrefix("-") else { return }
            if argument == "help" { continue }
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
