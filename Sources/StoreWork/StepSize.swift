/// How many messages one step of an operator's command looks at: fewer where steps take longer than other writes are to wait, and more
/// again where they are quick.
package struct StepSize: Sendable {
    /// A step has a cost of its own, and with fewer messages that would be most of it.
    private static let usualLeast = 64

    /// The size of the next step.
    package private(set) var messages: Int
    private let longest: Duration
    private let least: Int
    private let most: Int

    /// Begins with the most.
    ///
    /// - Parameter longest: the longest that a step is to take.
    package init(most: Int, longest: Duration) {
        self.most = most
        self.longest = longest
        least = min(most, Self.usualLeast)
        messages = most
    }

    /// A step of this size has taken so long.
    package mutating func took(_ time: Duration) {
        if time > longest {
            messages = max(least, messages / 2)
        } else if time < longest / 4 {
            messages = min(most, messages * 2)
        }
    }
}
