/// Turns `POSTBOX_…` variables into options.
enum EnvironmentArguments {
    static let prefix = "POSTBOX_"

    /// The arguments with an option for each variable whose option is not among them.
    ///
    /// Every command accepts all variables, so that one environment is good for all of them, and uses those it has an option for. Empty
    /// variables and those of ``ServiceVariables`` are ignored.
    ///
    /// - Throws: ``Failure`` for an unknown variable, for a flag that is neither on nor off, and for a value that is not UTF-8.
    static func merged(
        into arguments: [String], _ environment: [String: String]
    ) throws(Failure) -> [String] {
        // What follows "--" is never an option.
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        let given = arguments[..<end]
        guard !asksForInformation(given) else { return arguments }
        let variables = ours(environment)
        try refuseUnknown(variables.keys)
        let isTaken = options(of: given.first)
        var added: [String] = []
        for (variable, value) in variables.sorted(by: { $0.key < $1.key }) {
            try refuseReplacement(variable, value)
            guard let option = known[variable] else { continue }
            let name = option.name
            let isOn = option.kind == .flag ? try flag(variable, value) : true
            guard isTaken(name) else { continue }
            guard isOn, !given.contains(where: { $0 == "--\(name)" || $0.hasPrefix("--\(name)=") }) else { continue }
            switch option.kind {
            case .flag: added.append("--\(name)")
            // The values of an option that may be repeated are separated by commas.
            case .option where option.isRepeating: added += CommaSeparated.items(of: value).map { "--\(name)=\($0)" }
            case .option: added.append("--\(name)=\(value)")
            }
        }
        return given + added + arguments[end...]
    }

    /// Whether the arguments ask only for help, the version or a completion script.
    static func asksForInformation(_ arguments: some Collection<String>) -> Bool {
        guard let first = arguments.first else { return true }
        return ["help", "--version", "--generate-completion-script", "--experimental-dump-help"].contains(first)
            || arguments.contains { ["-h", "--help"].contains($0) }
    }

    /// Which options a command takes from the environment: serve all of them, token and health what they have in common with
    /// serve, the others the database.
    private static func options(of command: String?) -> (String) -> Bool {
        switch command {
        case Serve._commandName: return { _ in true }
        case Token._commandName: return TokenOptions.describedOptions.map(\.name).contains
        case Health._commandName: return Health.describedOptions.map(\.name).contains
        default:
            let exists = Postbox.configuration.subcommands.contains { $0._commandName == command }
            return { exists && $0 == "database" }
        }
    }

    /// The options of serve, by their variables; read from the parser only where a variable is set.
    private static let known = Dictionary(
        Serve.describedOptions.map { (variable(of: $0.name), $0) }, uniquingKeysWith: { first, _ in first })

    private static func variable(of name: String) -> String {
        prefix + name.uppercased().replacing("-", with: "_")
    }

    /// The variables that are meant for this program: not empty, and none of ``ServiceVariables``.
    private static func ours(_ environment: [String: String]) -> [String: String] {
        let set = environment.filter { $0.key.hasPrefix(prefix) && !$0.value.isEmpty }
        let others = ServiceVariables.names(in: set)
        return set.filter { !others.contains($0.key) }
    }

    private static func refuseUnknown(_ variables: some Sequence<String>) throws(Failure) {
        let sentences = variables.filter { known[$0] == nil }.sorted().map { variable in
            "there is no variable \(variable); the nearest is \(Spelling.nearest(to: variable.uppercased(), among: known.keys))"
        }
        guard sentences.isEmpty else { throw .badUsage(sentences.joined(separator: ", ")) }
    }

    /// Foundation puts U+FFFD in the place of bytes that are not UTF-8: a file name would be read as another one.
    private static func refuseReplacement(_ variable: String, _ value: String) throws(Failure) {
        guard value.unicodeScalars.contains("\u{FFFD}") else { return }
        throw .badUsage("the value of \(variable) is not valid UTF-8")
    }

    private static func flag(_ variable: String, _ value: String) throws(Failure) -> Bool {
        switch value.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default:
            throw .badUsage("\(variable) is \(value), and must be true or false, yes or no, on or off, 1 or 0")
        }
    }
}

/// The variables that Kubernetes and Docker set in a container for every service or link beside it, where its name begins with "postbox".
///
/// A Service called `postbox` gives POSTBOX_SERVICE_HOST, POSTBOX_SERVICE_PORT, POSTBOX_SERVICE_PORT_HTTP for a port named http,
/// POSTBOX_PORT=tcp://10.0.0.11:8080 and POSTBOX_PORT_8080_TCP with _ADDR, _PORT and _PROTO; one called `postbox-web`, the same after
/// POSTBOX_WEB. A link of Docker's gives the last two, and _NAME and _ENV_….
/// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
enum ServiceVariables {
    /// Returns the names of those variables in an environment.
    static func names(in environment: [String: String]) -> Set<String> {
        Set(environment.filter { isOfService($0.key, $0.value) || isOfLink($0.key, environment) }.keys)
    }

    /// A sentence that names them; nil where there are none.
    static func notice(_ environment: [String: String]) -> String? {
        let set = environment.filter { $0.key.hasPrefix(EnvironmentArguments.prefix) && !$0.value.isEmpty }
        let names = names(in: set).sorted()
        guard !names.isEmpty else { return nil }
        return "ignored what Kubernetes or Docker says of a service beside it: \(names.joined(separator: ", "))"
    }

    private static func isOfService(_ variable: String, _ value: String) -> Bool {
        let services = /POSTBOX_([A-Z0-9_]+_)?SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)/
        let ports = /POSTBOX_([A-Z0-9_]+_)?PORT_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PROTO|(PORT_)?(START|END)|PORT))?/
        if variable.wholeMatch(of: services) != nil || variable.wholeMatch(of: ports) != nil { return true }
        // A value that is no such address is meant for this program.
        return variable.hasSuffix("_PORT") && value.prefixMatch(of: /(tcp|udp|sctp):\/\//) != nil
    }

    /// The variable _NAME of a link ends in the link's alias, as in /web/postbox: with that, _NAME and _ENV_… are known to be Docker's.
    private static func isOfLink(_ variable: String, _ environment: [String: String]) -> Bool {
        guard let match = variable.wholeMatch(of: /(?<alias>POSTBOX.*?)(_NAME|_ENV_.+)/) else { return false }
        guard let name = environment["\(match.alias)_NAME"], name.hasPrefix("/") else { return false }
        let alias = name.split(separator: "/").last?.uppercased().replacing("-", with: "_")
        return alias == String(match.alias)
    }
}
