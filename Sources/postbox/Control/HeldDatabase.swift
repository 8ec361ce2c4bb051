import Messaging
import SQLiteStore

/// Two ways to a database file: to open it, or to ask the server that has it open.
struct HeldDatabase {
    /// How long to try both: a server that starts holds the file before it has a socket, and another command holds it for a moment.
    private static let patience = Duration.seconds(3)
    private static let rest = Duration.milliseconds(50)

    let path: String

    /// Opens the file, or connects to the server that has it; blocks for some seconds at most.
    ///
    /// - Throws: ``SQLiteStoreError``; ``Failure`` where a process holds the file and takes no commands.
    func open(
        _ openFile: () throws(SQLiteStoreError) -> any OperatorCommands
    ) throws -> any OperatorCommands {
        try open(openFile) { address throws(ControlError) in try RemoteOperator(address) }
    }

    /// Opens the file or connects to the server, each in the given way.
    func open<Way>(
        _ openFile: () throws(SQLiteStoreError) -> Way, orConnect connect: (ControlAddress) throws(ControlError) -> Way
    ) throws -> Way {
        let end = ContinuousClock.now + Self.patience
        while true {
            do throws(SQLiteStoreError) {
                return try openFile()
            } catch .held {
                // The server, then.
            } catch {
                throw error
            }
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
