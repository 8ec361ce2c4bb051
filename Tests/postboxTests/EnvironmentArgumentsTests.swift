import Testing

@testable import postbox

@Suite("Options from the environment")
struct EnvironmentArgumentsTests {
    private func merged(_ arguments: [String], _ environment: [String: String]) -> [String] {
        EnvironmentArguments.merged(into: arguments, environment)
    }

    @Test("a variable becomes the option it names, whatever its value holds")
    func options() {
        #expect(merged(["serve"], ["POSTBOX_PORT": "9000"]) == ["serve", "--port=9000"])
        #expect(merged(["serve"], ["POSTBOX_MAX_CONTENT_BYTES": "7"]) == ["serve", "--max-content-bytes=7"])
        #expect(merged(["serve"], ["POSTBOX_DATABASE": "a=b c"]) == ["serve", "--database=a=b c"])
        #expect(
            merged(["serve"], ["POSTBOX_PORT": "1", "POSTBOX_HOST": "::1"]) == ["serve", "--host=::1", "--port=1"])
    }

    @Test("every option of serve has its variable", arguments: Serve.optionNames)
    func everyOption(name: String) {
        let variable = "POSTBOX_" + name.uppercased().replacing("-", with: "_")
        #expect(merged(["serve"], [variable: "x"]) == ["serve", "--\(name)=x"])
    }

    @Test("the names that stand for serve's options are all of them")
    func names() throws {
        let known = Serve.helpMessage()
        for name in Serve.optionNames { #expect(known.contains("--\(name) ")) }
        let mentioned = known.split(whereSeparator: { " \n[]".contains($0) }).filter { $0.hasPrefix("--") }
        let names = Set(mentioned.map { String($0.dropFirst(2)) })
        #expect(names == Set(Serve.optionNames + Serve.flagNames + ["help"]))
    }

    @Test("what the command line says comes first", arguments: [["--port", "1"], ["--port=1"]])
    func commandLineFirst(arguments: [String]) {
        #expect(merged(["serve"] + arguments, ["POSTBOX_PORT": "2"]) == ["serve"] + arguments)
    }

    @Test("an option whose name only begins alike does not count")
    func prefix() {
        #expect(merged(["serve", "--ports"], ["POSTBOX_PORT": "2"]) == ["serve", "--ports", "--port=2"])
    }

    @Test(
        "a flag is on where its variable says so",
        arguments: [
            ("1", true), ("true", true), ("YES", true), ("0", false), ("false", false), ("", false), ("on", false),
        ])
    func flags(value: String, isOn: Bool) {
        #expect(merged(["serve"], ["POSTBOX_SAMPLE_DATA": value]) == ["serve"] + (isOn ? ["--sample-data"] : []))
    }

    @Test("variables that name nothing, and those of others, are left alone")
    func others() {
        let environment = [
            "POSTBOX_": "x", "POSTBOX_COLOR": "red", "PORT": "1", "MY_POSTBOX_PORT": "1", "postbox_port": "1",
        ]
        #expect(merged(["serve"], environment) == ["serve"])
    }

    @Test("the other commands take the database alone", arguments: ["conversations", "users", "import"])
    func otherCommands(command: String) {
        let environment = ["POSTBOX_DATABASE": "a.sqlite", "POSTBOX_PORT": "1", "POSTBOX_SAMPLE_DATA": "1"]
        #expect(merged([command, "x"], environment) == [command, "x", "--database=a.sqlite"])
    }

    @Test("without a command there is nothing to add to", arguments: [[], ["--help"], ["help"], ["nonsense"]])
    func noCommand(arguments: [String]) {
        #expect(merged(arguments, ["POSTBOX_DATABASE": "a.sqlite"]) == arguments)
    }

    @Test("what follows -- is no option, so options go before it")
    func terminator() {
        #expect(
            merged(["import", "--", "--database=odd.jsonl"], ["POSTBOX_DATABASE": "a.sqlite"])
                == ["import", "--database=a.sqlite", "--", "--database=odd.jsonl"])
    }
}
