import Logging
import Messaging
import MessagingHTTP
import MicroHTTPServer
import OpenAPIDescription
import WebClient

/// The parts that a server is put together from, as the options say.
extension Serve {
    func openStore(
        _ index: FreshnessIndex, _ deliveries: DeliveryClock?, _ commits: CommitMetrics, _ logger: Logger
    ) throws -> DatabaseOption.Opened {
        let observer: any CommitObserver = deliveries.map { ObserverPair(first: $0, second: index) } ?? index
        let watch = StartWatch(logger)
        defer { watch.end() }
        let opened = try database.open(
            observer: observer, checkpoints: !externalCheckpoints, replicated: replicated,
            freshnessBound: .milliseconds(freshness), readReplicas: readReplica,
            committed: commits.committed,
            changed: StoreHealthLog(logger: logger).changed,
            replicaChanged: ReplicaLog(logger: logger).changed)
        if sampleData, kind == .demo, try opened.store.isEmpty() {
            _ = try Import.apply(lines: SampleData.reader(), to: opened.store)
        }
        return opened
    }

    /// Opens the socket for operators' commands, where they go through this process. A server without one still serves.
    func openControl(_ opened: DatabaseOption.Opened, _ metrics: ControlMetrics, _ logger: Logger) -> ControlServer? {
        guard let store = opened.commands, let file = opened.place.file else { return nil }
        let address = ControlAddress(database: file)
        do throws(ControlError) {
            return try ControlServer(address, store: store, metrics: metrics, logger: logger)
        } catch {
            logger.warning(
                "no operator's command can be given to this server",
                metadata: ["socket": "\(address.path)", "reason": "\(error)"])
            return nil
        }
    }

    /// Begins to remove old messages.
    func makeRetention(_ store: any RetentionStore, _ logger: Logger) -> RetentionWorker {
        let worker = RetentionWorker(store, others: retention.retain, hours: retention.retainHours, logger: logger)
        worker.start()
        return worker
    }

    func loadKeys(_ logger: Logger) throws -> TokenKeys? {
        guard kind == .jwt, let file = identity.keyFile else { return nil }
        let loaded = try Blocking.run { try await file.load() }
        for warning in loaded.warnings { logger.warning("\(warning)") }
        guard !loaded.keys.isEmpty else { throw Failure.unavailable("\(file.path) \(KeyFile.hasNoKey)") }
        return loaded.keys
    }

    func makeServer(_ logs: Logs, _ certificate: TLSCertificate?) throws -> Server {
        var configuration = ServerConfiguration(host: host, port: port)
        configuration.inheritedSocket = SocketActivation.socket
        configuration.certificate = certificate
        configuration.loops = loopCount
        limits.apply(
            to: &configuration, connectionLimit: connectionLimit, trustedProxies: identity.trustedProxies)
        logs.observe(&configuration, watch)
        do throws(ServerError) {
            return try Server(configuration: configuration)
        } catch {
            throw Failure.unavailable(error.description)
        }
    }

    func makeIdentity(
        _ keys: TokenKeys?, _ store: any MessageStore, _ logger: Logger
    ) -> (any Identity, JWTIdentity?) {
        let profileUpdates = ProfileUpdates(capacity: indexCapacity, ticks: SystemClock.ticks) { person, tenant in
            do throws(MessagingError) {
                try await store.setPerson(person, tenant: tenant)
                return true
            } catch {
                logger.error("a name could not be stored: \(error.reason)")
                return false
            }
        }
        switch kind {
        case .demo:
            return (DemoIdentity(), nil)
        case .gateway:
            let gateway = GatewayIdentity(
                trusted: identity.trustedProxies, profileUpdates: profileUpdates)
            return (gateway, nil)
        case .jwt:
            guard let keys else { preconditionFailure("jwt was accepted without a key file") }
            let jwt = JWTIdentity(
                keys: keys, rules: identity.tokens.rules, hashKey: TokenHashKey(random: RandomIDs.word),
                capacity: indexCapacity,
                now: SystemClock.now, profileUpdates: profileUpdates, proxies: identity.trustedProxies)
            return (jwt, jwt)
        }
    }

    /// The settings of the service, from the options.
    var serviceSettings: ServiceSettings {
        var settings = ServiceSettings(
            contentLimit: limits.maxContentBytes, usersMayOpen: opening == .anyone,
            limits: limits.serviceLimits(trustedProxies: self.identity.trustedProxies),
            cors: CORSPolicy(origins: corsOrigin, allowsLoopback: kind == .demo))
        limits.apply(to: &settings)
        polling.apply(to: &settings, connectionLimit: connectionLimit)
        settings.compresses = !noCompression
        return settings
    }

    func makeService(
        _ store: any MessageStore, _ index: FreshnessIndex, _ identity: any Identity, _ logger: Logger,
        _ deliveries: DeliveryClock?, _ server: Server
    ) -> MessagingService {
        let events = ServiceEventLog(ticks: SystemClock.ticks) { event, others in
            var fields: Logger.Metadata = ["cause": "\(event.cause)"]
            if let id = event.requestID { fields["request_id"] = "\(id)" }
            if others > 0 { fields["others_since"] = .stringConvertible(others) }
            logger.error("\(event.name)", metadata: fields)
        }
        let environment = ServiceEnvironment(
            now: SystemClock.now, ticks: SystemClock.ticks, makeConversationID: RandomIDs.conversation,
            random: RandomIDs.word,
            loopsResponsive: { [weak server] in server.map { $0.secondsSinceTurn < Supervisor.hungAfter } ?? true },
            log: events.take,
            originRefused: { refused in
                var fields: Logger.Metadata = ["origin": "\(refused.origin)", "allow_with": "\(refused.remedy)"]
                if refused.others > 0 { fields["others_since"] = .stringConvertible(refused.others) }
                logger.warning("pages of an origin are refused", metadata: fields)
            })
        return MessagingService(
            store: store, index: index, identity: identity, settings: serviceSettings, environment: environment,
            description: ServiceDescription(yaml: OpenAPIDocument.yaml, makeJSON: { OpenAPIDocument.json }),
            module: ClientModule(script: ModuleDocument.script, types: ModuleDocument.types),
            page: makePage(), deliveries: deliveries)
    }

    private func makePage() -> WebPage? {
        guard page || kind == .demo else { return nil }
        return WebPage(
            html: PageDocument.html(identity: kind.rawValue),
            contentSecurityPolicy: PageDocument.contentSecurityPolicy)
    }
}

/// Passes each commit to two observers, in order.
struct ObserverPair: CommitObserver {
    let first: any CommitObserver
    let second: any CommitObserver

    func committed(_ commits: [Commit]) {
        first.committed(commits)
        second.committed(commits)
    }

    func reset() {
        first.reset()
        second.reset()
    }
}
