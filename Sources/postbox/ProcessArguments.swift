import CArguments

/// What the process was started with, as `main` of a C program gets it.
enum ProcessArguments {
    /// All of them but the name of the program.
    ///
    /// - Throws: ``Failure`` where they are unknown: a command that is not carried out must not look like one that was not given.
    static func read() throws(Failure) -> [String] {
        let count = postbox_argument_count()
        guard count > 0 else { throw Failure(message: "the arguments of this process are unknown", exitCode: 71) }
        return (1..<count).map { String(cString: postbox_argument($0)) }
    }
}
