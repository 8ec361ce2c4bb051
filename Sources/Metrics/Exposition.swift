/// Metrics in the text format of Prometheus, version 0.0.4.
public struct Exposition: Sendable {
    /// The type of a metric.
    public enum Kind: String, Sendable {
        /// It only ever rises.
        case counter
        /// It goes up and down.
        case gauge
        case histogram
    }

    /// The labels of a number.
    public typealias Labels = KeyValuePairs<String, String>

    /// The value of `Content-Type` that it goes out with.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// What has been written so far.
    public private(set) var text = ""

    /// Creates an exposition.
    public init() {}

    /// Begins a metric; its numbers come next.
    ///
    /// - Parameter help: one sentence; `\` and line breaks do not occur in it.
    public mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// Writes a number.
    public mutating func sample(_ name: String, _ labels: Labels = [:], _ value: Int) {
        text += "\(name)\(Self.braced(labels.map { ($0.key, $0.value) })) \(value)\n"
    }

    /// Writes a number.
    public mutating func sample(_ name: String, _ labels: Labels = [:], _ value: Double) {
        text += "\(name)\(Self.braced(labels.map { ($0.key, $0.value) })) \(Self.number(value))\n"
    }

    /// Writes a histogram.
    public mutating func sample(_ name: String, _ labels: Labels = [:], _ histogram: Histogram) {
        let labels = labels.map { ($0.key, $0.value) }
        var count = 0
        for (place, here) in histogram.counts.enumerated() {
            count += here
            let bound = place < histogram.bounds.count ? Self.number(histogram.bounds[place]) : "+Inf"
            text += "\(name)_bucket\(Self.braced(labels + [("le", bound)])) \(count)\n"
        }
        text += "\(name)_sum\(Self.braced(labels)) \(Self.number(histogram.sum))\n"
        text += "\(name)_count\(Self.braced(labels)) \(count)\n"
    }

    /// A metric that is one number.
    public mutating func metric(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
        begin(name, kind, help)
        sample(name, [:], value)
    }

    /// A metric that is one number.
    public mutating func metric(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        begin(name, kind, help)
        sample(name, [:], value)
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    }

    private static func braced(_ labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
