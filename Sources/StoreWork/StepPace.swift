/// How an operator's command beside requests shares the store with other writes: after each step it rests.
public enum StepPace {
    /// Of the time of the store, a command takes at most one part in this many.
    private static let share = 2

    /// How long to rest after a step.
    ///
    /// - Parameter held: how long other writes had to wait for the step.
    public static func rest(after held: Duration) -> Duration { held * (share - 1) }
}
