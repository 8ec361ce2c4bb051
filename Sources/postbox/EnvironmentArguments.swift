/// Turns `POSTBOX_…` variables into options of `postbox serve`.
enum EnvironmentArguments {
    static let prefix = "POSTBOX_"

    /// The arguments with an option for each variable whose option is not among them.
    ///
    /// Variables that name no option are left alone: other programs may have their own `POSTBOX_…`. A flag is on where its
    /// variable is `1`, `true` or `yes`.
    static func merged(into arguments: [String], _ environment: [String: String]) -> [String] {
        guard arguments.first == "serve" else { return arguments }
        var merged = arguments
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix(prefix) {
            let name = variable.dropFirst(prefix.count).lowercased().replacing("_", with: "-")
            guard !arguments.contains(where: { $0 == "--\(name)" || $0.hasPrefix("--\(name)=") }) else { continue }
            if Serve.optionNames.contains(name) {
                merged.append("--\(name)=\(value)")
            } else if Serve.flagNames.contains(name), ["1", "true", "yes"].contains(value.lowercased()) {
                merged.append("--\(name)")
            }
        }
        return merged
    }
}
