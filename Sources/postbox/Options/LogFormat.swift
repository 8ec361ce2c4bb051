import ArgumentParser

/// How events are written down.
enum LogFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json
}
