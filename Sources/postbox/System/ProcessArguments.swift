import CArguments

/// The arguments that the process was started with, as `main` of a C program gets them.
enum ProcessArguments {
    /// Returns all arguments but the name of the program.
    ///
    /// - Throws: ``Failure`` where they are unknown, because a command that is lost must not look like one that was not given; and for an
    ///   argument that is not UTF-8, because a file name would be read as another one.
    static func read() throws(Failure) -> [String] {
        let count = postbox_argument_count()
        guard count > 0 else {
            throw Failure(message: "the arguments of this process are unknown", exitCode: 71)
        }
        var arguments: [String] = []
        for index in 1..<count {
            guard let argument = String(validatingCString: postbox_argument(index)) else {
                throw .badUsage("argument \(index) is not valid UTF-8")
            }
            arguments.append(argument)
        }
        return arguments
    }
}
