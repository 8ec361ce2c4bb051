import ArgumentParser
import Foundation

/// Runs the command and turns every error into one line and an exit code.
@main
enum Main {
    static func main() {
        Descriptors.fillStandard()
        do {
            let environment = ProcessInfo.processInfo.environment
            let given = try ProcessArguments.read()
            let arguments = try EnvironmentArguments.merged(into: given, environment)
            try CommandNames.check(given)
            var command = try Postbox.parseAsRoot(arguments)
            // A server writes the notice to its log.
            if !(command is Serve), !EnvironmentArguments.asksForInformation(given) {
                ServiceVariables.notice(environment).map(Report.line)
            }
            try command.run()
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
