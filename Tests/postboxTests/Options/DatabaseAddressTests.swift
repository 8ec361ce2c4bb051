import Testing

@testable import postbox

@Suite("The value of --database") struct DatabaseAddressTests {
    @Test(
        "is a file unless it begins as an address of a PostgreSQL",
        arguments: [
            "postbox.sqlite", "/var/lib/postbox/postbox.sqlite", "./postgres:", "Postgres://db", "mysql://db", "",
        ])
    func files(text: String) {
        #expect(DatabaseAddress(text) == .file(text))
    }

    @Test(
        "is refused where it is meant as the address of a server and begins as none",
        arguments: [
            "Postgres://dana:secret@db", "mysql://db/chat", "host=db dbname=chat",
            "dbname=chat user=dana password=secret",
        ])
    func mistaken(text: String) throws {
        #expect(DatabaseAddress.looksLikeServer(text))
        #expect(
            try #require(throws: (any Error).self) { try DatabaseOption.parse(["--database", text]) }
                .localizedDescription.contains("secret") == false)
    }

    @Test("may be the path of any other file", arguments: ["a=b", "/srv/user data/x", "postbox.sqlite", "C://x y"])
    func paths(text: String) {
        #expect(DatabaseAddress.looksLikeServer(text) == (text == "C://x y"))
    }

    @Test(
        "is given to libpq as it is where it is a URI",
        arguments: ["postgres://", "postgresql://a:b@c:1/d?e=f", "postgres://?service=chat"])
    func uris(text: String) {
        #expect(DatabaseAddress(text) == .postgres(text))
    }

    @Test("leaves everything to the environment where there is nothing but the scheme, and may be a list of parameters")
    func parameters() {
        #expect(DatabaseAddress("postgres:") == .postgres("postgres://"))
        #expect(DatabaseAddress("postgresql:") == .postgres("postgresql://"))
        #expect(DatabaseAddress("postgres:service=chat") == .postgres("service=chat"))
    }

    @Test(
        "loses its password where arguments are shown",
        arguments: [
            ("postgres://dana:secret@db/chat", "postgres://dana@db/chat"),
            (
                "--database=postgresql://dana:secret@db:5433/chat?sslmode=require",
                "--database=postgresql://dana@db:5433/chat"
            ),
            ("postgres://dana:sec@ret@db/chat", "postgres://dana@db/chat"),
            ("postgres://dana:sec?ret@db/chat", "postgres://dana@db/chat"),
            ("postgres://db/chat?user=dana&password=secret", "postgres://db/chat"),
            ("postgres://db/chat?sslpassword=secret", "postgres://db/chat"),
            ("postgres://dana:sec/ret@db/chat", "postgres:"),
            ("postgres:user=dana password=secret", "postgres:"),
        ])
    func hidden(argument: String, shown: String) {
        #expect(DatabaseAddress.withoutPassword(argument) == shown)
    }

    @Test(
        "is shown as it is where it has no password",
        arguments: [
            "postgres://dana@db/chat?sslmode=verify-full", "postgres://db:5432,db2:5433/chat?user=a@b",
            "postgres://[::1]:5432/chat",
            "postgres://[::1]/chat", "--database=postgres://", "postgres:service=chat", "postbox.sqlite", "a:b@c",
            "--port",
        ])
    func unchanged(argument: String) {
        #expect(DatabaseAddress.withoutPassword(argument) == nil)
    }
}
