/// Two ways to a database file: to open it, or to ask the server that has it open.
struct HeldDatabase {
    /// How long to try both: a server that starts holds the file before it has a socket, and another command holds it for a moment.
    private static let patience = Duration.seconds(3)
    private static let rest = Duration.milliseconds(50)

    let path: String

    /// Opens the file or connects to the server that has it, each in the given way; blocks for some seconds at most.
    ///
    /// - Parameters:
    ///   - openFile: opens the file; nil where another process has it.
    ///   - connect: connects to that process.
    /// - Throws: what `openFile` throws; ``Failure`` where a process has the file and takes no commands.
    func open<Way>(
        _ openFile: () throws -> Way?, orConnect connect: (ControlAddress) throws(ControlError) -> Way
    ) throws -> Way {
        let end = ContinuousClock.now + Self.patience
        while true {
            if let opened = try openFile() { return opened }
            let address = ControlAddress(database: path)
            do throws(ControlError) {
                return try connect(address)
            } catch {
                guard ContinuousClock.now >= end else {
                    Pause.take(Self.rest)
                    continue
                }
                throw Failure.unavailable(
                    "The database \(path) is in use by another process, which takes no commands at \(address.path): \(error)."
                )
            }
        }
    }
}
