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
