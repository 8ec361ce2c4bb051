/// Turns `POSTBOX_…` variables into options.
enum EnvironmentArguments {
    static let prefix = "POSTBOX_"

    /// The arguments with an option for each variable whose option is not among them.
    ///
    /// Variables that name no option are left alone: other programs may have their own `POSTBOX_…`. A flag is on where its
    /// variable is `1`, `true` or `yes`; what may be repeated is separated by commas.
    static func merged(into arguments: [String], _ environment: [String: String]) -> [String] {
        guard let command = arguments.first, let options = options(of: command) else { return arguments }
        let flags = command == "serve" ? Serve.flagNames : []
        // What follows "--" is never an option.
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        let given = arguments[..<end]
        var added: [String] = []
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix(prefix) {
            let name = variable.dropFirst(prefix.count).lowercased().replacing("_", with: "-")
            guard !given.contains(where: { $0 == "--\(name)" || $0.hasPrefix("--\(name)=") }) else { continue }
            if options.contains(name), Serve.repeatableNames.contains(name) {
                added += value.split(separator: ",").map { "--\(name)=\($0)" }
            } else if options.contains(name) {
                added.append("--\(name)=\(value)")
            } else if flags.contains(name), ["1", "true", "yes"].contains(value.lowercased()) {
                added.append("--\(name)")
            }
        }
        return given + added + arguments[end...]
    }

    private static func options(of command: String) -> [String]? {
        switch command {
        case "serve": Serve.optionNames
        case "conversations", "users", "import", "export", "backup", "restore", "check", "erase", "prune": ["database"]
        default: nil
        }
    }
}
