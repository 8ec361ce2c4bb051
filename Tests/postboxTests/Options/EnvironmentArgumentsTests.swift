import Testing

@testable import postbox

@Suite("Options from the environment")
struct EnvironmentArgumentsTests {
    private func merged(_ arguments: [String], _ environment: [String: String]) throws -> [String] {
        try EnvironmentArguments.merged(into: arguments, environment)
    }

    /// What is said where the environment is refused.
    private func refusal(_ arguments: [String], _ environment: [String: String]) -> String? {
        let failure = #expect(throws: Failure.self) { try merged(arguments, environment) }
        #expect(failure?.exitCode == 64)
        return failure?.message
    }

    @Test("a variable becomes the option it names, whatever its value holds")
    func options() throws {
        #expect(try merged(["serve"], ["POSTBOX_PORT": "9000"]) == ["serve", "--port=9000"])
        #expect(try merged(["serve"], ["POSTBOX_MAX_CONTENT_BYTES": "7"]) == ["serve", "--max-content-bytes=7"])
        #expect(try merged(["serve"], ["POSTBOX_DATABASE": "a=b c"]) == ["serve", "--database=a=b c"])
        #expect(
            try merged(["serve"], ["POSTBOX_PORT": "1", "POSTBOX_HOST": "::1"]) == ["serve", "--host=::1", "--port=1"])
    }

    @Test("a value that was not UTF-8 is refused", arguments: ["serve", "check"])
    func notUTF8(command: String) {
        let message = refusal([command], ["POSTBOX_DATABASE": "a\u{FFFD}"])
        #expect(message == "the value of POSTBOX_DATABASE is not valid UTF-8")
    }

    /// The names of what a help text lists with a value, or without one.
    private static func names(in help: String, withValue: Bool) -> [String] {
        help.split(separator: "\n").compactMap { line in
            guard let match = line.prefixMatch(of: #/  --([a-z0-9-]+)( <)?/#), (match.2 != nil) == withValue else {
                return nil
            }
            return String(match.1)
        }
    }

    private func variable(_ name: String) -> String {
        "POSTBOX_" + name.uppercased().replacing("-", with: "_")
    }

    @Test("every option that the help of serve lists has its variable")
    func everyOption() throws {
        let names = Self.names(in: Serve.helpMessage(), withValue: true)
        #expect(
            Set(names).isSuperset(of: ["host", "database", "jwks-file", "send-rate", "tls-cert", "log-level", "admin"]))
        for name in names {
            #expect(try merged(["serve"], [variable(name): "x"]) == ["serve", "--\(name)=x"])
        }
    }

    @Test("every flag that the help of serve lists has its variable")
    func everyFlag() throws {
        let names = Self.names(in: Serve.helpMessage(), withValue: false)
        #expect(
            Set(names).isSuperset(of: ["sample-data", "page", "access-log", "external-checkpoints", "no-compression"]))
        for name in names {
            #expect(try merged(["serve"], [variable(name): "on"]) == ["serve", "--\(name)"])
        }
    }

    @Test("Only what may be repeated takes a list")
    func repeatable() throws {
        for name in Self.names(in: Serve.helpMessage(), withValue: true) {
            let repeated = ["cors-origin", "jwt-name-claim", "read-replica", "trusted-proxy"].contains(name)
            let options = repeated ? ["--\(name)=a", "--\(name)=b"] : ["--\(name)=a,b"]
            #expect(try merged(["serve"], [variable(name): "a,b"]) == ["serve"] + options)
        }
    }

    @Test("Help and version have no variable", arguments: ["POSTBOX_HELP", "POSTBOX_VERSION"])
    func information(variable: String) {
        #expect(refusal(["serve"], [variable: "on"])?.hasPrefix("there is no variable \(variable);") == true)
    }

    @Test(
        "An option on the command line takes precedence over its variable", arguments: [["--port", "1"], ["--port=1"]])
    func commandLineFirst(arguments: [String]) throws {
        #expect(try merged(["serve"] + arguments, ["POSTBOX_PORT": "2"]) == ["serve"] + arguments)
    }

    @Test("A longer option that begins alike does not hide a variable")
    func prefix() throws {
        #expect(try merged(["serve", "--ports"], ["POSTBOX_PORT": "2"]) == ["serve", "--ports", "--port=2"])
    }

    @Test(
        "a flag is on or off as its variable says",
        arguments: [
            ("1", true), ("true", true), ("YES", true), ("On", true), ("0", false), ("false", false), ("No", false),
            ("OFF", false), ("", false),
        ])
    func flags(value: String, isOn: Bool) throws {
        #expect(try merged(["serve"], ["POSTBOX_SAMPLE_DATA": value]) == ["serve"] + (isOn ? ["--sample-data"] : []))
    }

    @Test(
        "a flag that is neither on nor off is refused",
        arguments: ["enabled", "2", "-1", "y", "tru", " on", "on ", " "])
    func undecided(value: String) {
        for command in ["serve", "backup"] {
            #expect(
                refusal([command], ["POSTBOX_ACCESS_LOG": value])?.contains("POSTBOX_ACCESS_LOG is \(value)") == true)
        }
        #expect(refusal(["serve", "--access-log"], ["POSTBOX_ACCESS_LOG": value]) != nil)
    }

    @Test(
        "a variable that names nothing is refused by every command, with the nearest that does",
        arguments: [
            ("POSTBOX_IDENTIY", "POSTBOX_IDENTITY"), ("POSTBOX_JWT_SECRET", "POSTBOX_JWT_SECRET_FILE"),
            ("POSTBOX_Port", "POSTBOX_PORT"), ("POSTBOX_TRUSTED_PROXIES", "POSTBOX_TRUSTED_PROXY"),
            ("POSTBOX_MAX-HEADER-BYTES", "POSTBOX_MAX_HEADER_BYTES"), ("POSTBOX__HOST", "POSTBOX_HOST"),
            ("POSTBOX_", "POSTBOX_HOST"),
        ])
    func unknown(variable: String, nearest: String) {
        for command in Postbox.configuration.subcommands {
            let sentence = refusal([command._commandName], [variable: "x"])
            #expect(sentence == "there is no variable \(variable); the nearest is \(nearest)")
        }
        #expect(refusal(["nonsense"], [variable: "x"]) != nil)
    }

    @Test("an empty variable is an unset one, whatever its name")
    func empty() throws {
        let environment = [
            "POSTBOX_IDENTITY": "", "POSTBOX_CORS_ORIGIN": "", "POSTBOX_IDENTIY": "", "POSTBOX_PAGE": "",
        ]
        #expect(try merged(["serve"], environment) == ["serve"])
    }

    @Test("Variables without the prefix are ignored")
    func others() throws {
        let environment = [
            "PORT": "1", "MY_POSTBOX_PORT": "1", "postbox_port": "1", "POSTBOX": "/bin/x", "POSTBOX2_A": "b",
        ]
        #expect(try merged(["serve"], environment) == ["serve"])
    }

    @Test("what Kubernetes and Docker say of services is no option", arguments: ["serve", "backup"])
    func services(command: String) throws {
        let environment = ["POSTBOX_PORT": "tcp://10.0.0.11:8080", "POSTBOX_SERVICE_HOST": "10.0.0.11"]
        #expect(try merged([command], environment) == [command])
    }

    @Test(
        "A request for help is answered whatever the environment",
        arguments: [["serve", "--help"], ["users", "set", "-h"], ["help", "serve"], ["--version"]])
    func help(arguments: [String]) throws {
        #expect(try merged(arguments, ["POSTBOX_IDENTIY": "jwt"]) == arguments)
    }

    @Test(
        "Commands other than serve take only the database from the environment",
        arguments: ["conversations", "users", "import"])
    func otherCommands(command: String) throws {
        let environment = ["POSTBOX_DATABASE": "a.sqlite", "POSTBOX_PORT": "1", "POSTBOX_SAMPLE_DATA": "1"]
        #expect(try merged([command, "x"], environment) == [command, "x", "--database=a.sqlite"])
    }

    @Test("A list in a variable has its items between commas, with or without blanks")
    func lists() throws {
        for list in ["name,email", "name, email", " name ,, email ,"] {
            #expect(
                try merged(["serve"], ["POSTBOX_JWT_NAME_CLAIM": list])
                    == ["serve", "--jwt-name-claim=name", "--jwt-name-claim=email"])
        }
        #expect(try merged(["serve"], ["POSTBOX_JWT_NAME_CLAIM": " , "]) == ["serve"])
        #expect(
            try merged(["serve", "--jwt-name-claim", "x"], ["POSTBOX_JWT_NAME_CLAIM": "a"])
                == ["serve", "--jwt-name-claim", "x"])
    }

    @Test("The command token takes from the environment what serve takes about tokens, and nothing else")
    func token() throws {
        let environment = [
            "POSTBOX_DATABASE": "a.sqlite", "POSTBOX_PORT": "1", "POSTBOX_IDENTITY": "jwt", "POSTBOX_JWT_AUDIENCE": "a",
            "POSTBOX_JWT_SECRET_FILE": "s", "POSTBOX_PAGE": "on", "POSTBOX_TRUSTED_PROXY": "::1",
        ]
        #expect(
            try merged(["token", "--user", "a"], environment)
                == ["token", "--user", "a", "--jwt-audience=a", "--jwt-secret-file=s"])
        let help = Token.helpMessage()
        let names = Self.names(in: help, withValue: true).filter { $0.hasPrefix("jwt-") || $0 == "jwks-file" }
        #expect(names.count >= 8)
        for name in names {
            #expect(try merged(["token"], [variable(name): "x"]) == ["token", "--\(name)=x"])
        }
    }

    @Test("Without a command no variable is added", arguments: [[], ["--help"], ["help"], ["nonsense"]])
    func noCommand(arguments: [String]) throws {
        #expect(try merged(arguments, ["POSTBOX_DATABASE": "a.sqlite"]) == arguments)
    }

    @Test("Options from the environment go before --")
    func terminator() throws {
        #expect(
            try merged(["import", "--", "--database=odd.jsonl"], ["POSTBOX_DATABASE": "a.sqlite"])
                == ["import", "--database=a.sqlite", "--", "--database=odd.jsonl"])
    }
}
