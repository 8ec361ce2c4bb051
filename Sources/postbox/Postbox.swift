import ArgumentParser

@main
struct Postbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postbox", abstract: "A messaging backend that a web app can poll.")
}
