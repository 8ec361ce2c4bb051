import ArgumentParser

/// The command line of `postbox`.
struct Postbox: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postbox",
        abstract: "A messaging backend that a web app can poll.",
        discussion: """
            Every option of "postbox serve" is also an environment variable, and so are --database everywhere and what "postbox token" \
            and "postbox health" have in common with serve: POSTBOX_PORT=9000 is \
            --port 9000, and POSTBOX_PAGE=on (or true, yes, 1) is --page. What the command line says comes first. An empty variable \
            is an unset one, and any other POSTBOX_… is an error, unless it is what Kubernetes or Docker says of a service beside it.
            """,
        version: Version.current,
        subcommands: [
            Serve.self, Health.self, Token.self, Conversations.self, Users.self, Import.self,
            Export.self, Backup.self, Restore.self, Check.self, Erase.self, Prune.self,
            RetentionCommand.self, NewLife.self, Nodes.self,
        ])
}
