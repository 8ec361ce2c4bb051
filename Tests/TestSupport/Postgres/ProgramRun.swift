import Glibc

/// A program that has run to its end.
///
/// Foundation's `Process` has crashed in `run()` while hundreds of tests started programs at the same time; this needs nothing that
/// threads share.
struct ProgramRun {
    /// Everything it printed.
    let output: String
    /// Its exit code; 128 and more where a signal ended it.
    let code: Int32

    /// Runs a program with nothing to read and none of this process's files; blocks until it ends.
    ///
    /// - Throws: ``PostgresServer/Failure`` where it cannot be started.
    init(_ path: String, _ arguments: [String]) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw PostgresServer.Failure(description: "pipe: \(errno)") }
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&files, ends[1], 1)
        posix_spawn_file_actions_adddup2(&files, ends[1], 2)
        // A socket that a test closes must not stay open here.
        for descriptor in 3..<Int32(4096) { posix_spawn_file_actions_addclose(&files, descriptor) }
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        // Without variables: what somebody has set for clients of PostgreSQL must not lead to another server.
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var process = pid_t()
        let failure = posix_spawn(&process, path, &files, nil, &words, &environment)
        close(ends[1])
        defer { close(ends[0]) }
        guard failure == 0 else {
            throw PostgresServer.Failure(description: "\(path): \(String(cString: strerror(failure)))")
        }
        output = Self.readAll(ends[0])
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f
    }

    private static func readAll(_ descriptor: Int32) -> String {
        var (bytes, part) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
        while true {
            let count = read(descriptor, &part, part.count)
            if count > 0 { bytes += part[..<count] } else if count == 0 || errno != EINTR { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
