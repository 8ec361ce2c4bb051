import ArgumentParser

/// `postbox new-life`
struct NewLife: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-life",
        abstract: "Begin a new epoch after a PostgreSQL was restored. Servers may run.",
        discussion: """
            A restored database may lack messages that clients have already. In a new epoch every client is told to fetch everything \
            again, and no cursor from before leads on to other messages than it meant.

            Run it after a dump was restored into a database, after a recovery to a point in time, and after a snapshot of a disk or a \
            volume was put back: that one looks like the database it was taken from. After a failover Postbox begins a new epoch by \
            itself. For a database file, "postbox restore" does so.
            """)

    @OptionGroup var database: DatabaseOption

    func run() throws {
        try database.beginNewEpoch()
        print("postbox: \(try database.name()) has a new epoch; every client fetches everything again")
    }
}
