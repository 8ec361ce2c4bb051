import Testing

@testable import postbox

@Suite("Names of commands")
struct CommandNamesTests {
    @Test(
        "A command that does not exist is refused, with the nearest that does",
        arguments: [
            (["serv"], "there is no command serv; the nearest is serve,"),
            (["prun", "--all"], "there is no command prun; the nearest is prune,"),
            (["tokens", "--user", "dana"], "there is no command tokens; the nearest is token,"),
            (["users", "sett", "alice"], "there is no command users sett; the nearest is users set,"),
            (["help", "retention", "lst"], "there is no command retention lst; the nearest is retention list,"),
        ])
    func unknown(arguments: [String], sentence: String) {
        let failure = #expect(throws: Failure.self) { try CommandNames.check(arguments) }
        #expect(failure?.exitCode == 64 && failure?.message.hasPrefix(sentence) == true)
    }

    @Test(
        "Commands that exist, and what is no command, are left to the parser",
        arguments: [
            [], ["serve"], ["users", "set", "alice"], ["import", "file"], ["--help"], ["help", "serve"],
            ["users", "help", "set"],
            ["--version"], ["backup", "serv"],
        ])
    func known(arguments: [String]) {
        #expect(throws: Never.self) { try CommandNames.check(arguments) }
    }
}
