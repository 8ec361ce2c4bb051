import MicroHTTPServer

extension WatchOptions {
    /// Binds the address for operators, if one is given; it is a server of its own with one loop, so that nothing that happens
    /// on the public port keeps them from seeing it.
    func makeAdminServer() throws -> Server? {
        guard let admin else { return nil }
        let configuration = ServerConfiguration(
            host: admin.host, port: admin.port, loops: 1, connectionLimit: 64, bodyLimit: 0, idleTimeout: 75,
            requestTimeout: 5)
        do throws(ServerError) {
            return try Server(configuration: configuration)
        } catch {
            throw Failure.unavailable(error.description)
        }
    }
}
