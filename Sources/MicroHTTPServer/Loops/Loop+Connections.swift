import CMicroHTTPD
import HTTP

/// The library's notifications about connections, and about the beginning and end of requests.
extension Loop {
    /// Passes the connections that this loop was given to the library.
    func takeAccepted() {
        for connection in dispatcher.accepted(for: number) {
            // It opens the connection in this very call or never, and then closes the socket.
            let (before, daemon) = (accepted, daemonForConnection())
            receivingDaemon = daemon
            let result = connection.peer.withPointer {
                MHD_add_connection(daemon.pointer, connection.descriptor, $0, $1)
            }
            daemon.runRequest.make()
            if result == .NO, accepted == before { dispatcher.left(number) }
        }
    }

    /// Takes a new connection into the table, which keeps it until it is closed.
    func opened(_ connection: OpaquePointer) -> Connection {
        guard let daemon = receivingDaemon else { preconditionFailure("a connection opens that nobody has given") }
        let added = Connection(
            connection, of: daemon, index: connections.count, handingOn: fields, memory, spareFields, now: now)
        daemon.connections += 1
        if let certificate { added.secure(connection, with: certificate.value, traffic: traffic) }
        connections.append(added)
        setConnection(added, on: added.descriptor)
        halfCloseWatcher.watch(added.descriptor)
        accepted += 1
        if addresses.opened(from: added.peer) {
            added.shutDown()
            counters.refusedConnections.bump(by: 1)
        }
        counters.openConnections.bump(by: 1)
        return added
    }

    /// Removes a connection, whose socket the library is about to close.
    func closed(_ connection: Connection) {
        setConnection(nil, on: connection.descriptor)
        connection.daemon.connections -= 1
        // Its descriptor may soon be another connection's.
        broken.removeAll { $0 === connection }
        spent.removeAll { $0 === connection }
        if connection.refusedEarly {
            halfCloseWatcher.forget(connection.descriptor)
            lingering.keep(connection.descriptor, now: now)
        }
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.index] = last
            last.index = connection.index
        }
        addresses.closed(from: connection.peer)
        dispatcher.left(number)
        counters.openConnections.bump(by: -1)
    }

    func began(_ connection: Connection, target: UnsafePointer<CChar>?) {
        connection.begin(target: target, now: now)
        counters.openRequests.bump(by: 1)
    }

    /// Ends a request; the library calls this for each that began, answered or not.
    func ended(_ connection: Connection) {
        // Where the client of a suspended request has gone, the library may not ask for the answer. Taking it waits until the thread
        // that resumed the connection has left the library.
        if let pending = connection.pending {
            _ = pending.take()
            counters.suspendedRequests.bump(by: -1)
            countWait(connection)
        }
        connection.finish(now: now)
        bodies.giveBack(connection.bodyBytes, of: connection.bodySource)
        connection.bodyBytes = 0
        if connection.isBroken { broken.append(connection) }
        if connection.hasEnded { spent.append(connection) }
        counters.openRequests.bump(by: -1)
    }

    /// Marks the connections whose client has closed its sending side, ends their waits, and lists the others as candidates for closing.
    func findSpent() {
        while let descriptor = halfCloseWatcher.next() {
            guard let connection = connection(on: descriptor)?.takeUnretainedValue() else { continue }
            connection.hasEnded = true
            if let waiter = connection.waiter, waiter.wait != nil {
                endWait(waiter, as: .gone)
            } else {
                spent.append(connection)
            }
        }
    }

    /// Closes the connections whose client has closed its sending side and has all its answers.
    func closeSpent() {
        for connection in spent where connection.isSpent { connection.shutDown() }
        spent.removeAll(keepingCapacity: true)
    }
}
