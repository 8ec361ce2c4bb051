import Testing

@testable import postbox

@Suite("Sockets from outside")
struct SocketActivationTests {
    private func count(_ process: String?, _ descriptors: String?) throws -> Int? {
        var environment: [String: String] = [:]
        environment["LISTEN_PID"] = process
        environment["LISTEN_FDS"] = descriptors
        return try SocketActivation.count(environment, process: 5)
    }

    @Test("Inherited sockets count where they are meant for this process")
    func mine() throws {
        #expect(try count("5", "1") == 1)
        #expect(try count("5", "3") == 3)
    }

    @Test("Without LISTEN_FDS for this process there are no inherited sockets")
    func none() throws {
        #expect(try count(nil, nil) == nil)
        #expect(try count("5", nil) == nil)
        #expect(try count("5", "0") == nil)
        #expect(try count("6", "1") == nil)
        #expect(try count(nil, "1") == nil)
    }

    @Test(
        "More than one inherited socket, and what is no number, is refused with the variable's name",
        arguments: ["2", "x", "-1", ""])
    func refused(descriptors: String) throws {
        let environment = ["LISTEN_PID": "5", "LISTEN_FDS": descriptors]
        let failure = #expect(throws: Failure.self) { try SocketActivation.socket(environment, process: 5) }
        #expect(failure?.message.contains("LISTEN_FDS") == true && failure?.exitCode == 64)
    }
}
