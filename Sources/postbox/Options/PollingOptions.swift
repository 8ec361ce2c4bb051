import ArgumentParser
import MessagingHTTP

/// The options that say how clients poll.
struct PollingOptions: ParsableArguments {
    @Option(
        help: """
            How many seconds clients are asked to wait between polls (1-3600). Under load they are asked to wait up to six times as long.
            """)
    var pollInterval = 10

    @Option(
        help: """
            How many seconds a poll may wait for something new where its client asks for that with Prefer: wait=N (0-600); 0 turns \
            waiting off.
            """)
    var longestWait = 60

    @Option(
        help: """
            How many polls of a user may wait at a time (0-1000000); further ones are answered at once. All together may take four \
            fifths of --max-connections.
            """)
    var maxWaitingPerCaller = 20

    func validate() throws {
        try check("--poll-interval", pollInterval, 1...3600)
        try check("--longest-wait", longestWait, 0...600)
        try check("--max-waiting-per-caller", maxWaitingPerCaller, 0...1_000_000)
    }

    /// The settings of the service.
    ///
    /// - Parameter connectionLimit: the most connections; a fifth of them are left to requests that do not wait.
    func apply(to settings: inout ServiceSettings, connectionLimit: Int) {
        settings.pollInterval = pollInterval
        settings.longestWait = longestWait
        settings.mostWaitingOfEach = maxWaitingPerCaller
        settings.mostWaiting = connectionLimit * 4 / 5
    }
}
