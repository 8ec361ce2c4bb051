import Glibc
import Messaging
import MessagingHTTP
import Metrics
import MicroHTTPServer

/// The metrics page: everything that is measured, in Prometheus' text format.
struct MetricsPage: Sendable {
    let server: Server
    let service: MessagingService
    let store: any OperatorStore
    let index: FreshnessIndex
    let deliveries: DeliveryClock
    let commits: CommitMetrics
    let logs: Logs
    let commands: ControlMetrics
    let connectionLimit: Int
    /// Where the data is.
    let database: DatabasePlace
    /// Where its backups are; nil where nobody said so.
    let backups: BackupFolder?
    /// What removes old messages.
    let retention: RetentionWorker

    /// The page; it reads files, so it is for a thread that may wait.
    func text() -> String {
        var page = Exposition()
        writeAnswers(to: &page)
        writeRequests(to: &page)
        writePeople(to: &page)
        writeLimits(to: &page)
        writeMemory(to: &page)
        writeStore(to: &page)
        writeUpkeep(to: &page)
        writeFaults(to: &page)
        writeProcess(to: &page)
        return page.text
    }

    private func writeAnswers(to page: inout Exposition) {
        let totals = server.totals
        page.begin("postbox_polls_total", .counter, "Polls that were answered, by endpoint and outcome.")
        for endpoint in Endpoint.allCases where endpoint.isPoll {
            for outcome in [Outcome.notModified, .delta, .full] {
                page.sample(
                    "postbox_polls_total", ["endpoint": endpoint.name, "outcome": outcome.name],
                    totals.answers(endpoint, outcome))
            }
        }
        page.begin("postbox_sends_total", .counter, "Sends that went well: stored, or found stored by an earlier try.")
        for outcome in [Outcome.stored, .replayed] {
            page.sample("postbox_sends_total", ["outcome": outcome.name], totals.answers(.send, outcome))
        }
        page.begin("postbox_send_failures_total", .counter, "Sends that were turned down, by reason.")
        for kind in ProblemKind.allCases {
            let outcome = Outcome.problem(kind)
            page.sample("postbox_send_failures_total", ["reason": outcome.name], totals.answers(.send, outcome))
        }
        page.metric(
            "postbox_read_markers_total", .counter, "Read markers that were moved, or found where they were to go.",
            totals.answers(.read, .done))
        page.begin(
            "postbox_refusals_total", .counter, "Requests that were turned down, by endpoint and reason; sends too.")
        for endpoint in Endpoint.allCases {
            for kind in ProblemKind.allCases {
                let outcome = Outcome.problem(kind)
                page.sample(
                    "postbox_refusals_total", ["endpoint": endpoint.name, "reason": outcome.name],
                    totals.answers(endpoint, outcome))
            }
        }
    }

    private func writeRequests(to page: inout Exposition) {
        let totals = server.totals
        page.begin(
            "postbox_request_duration_seconds", .histogram,
            "From the wake-up for the last part of a request until its answer was handed over.")
        for endpoint in Endpoint.allCases {
            page.sample("postbox_request_duration_seconds", ["endpoint": endpoint.name], totals.durations(endpoint))
        }
        page.begin("postbox_request_body_bytes_total", .counter, "Bytes of request bodies that came in.")
        for endpoint in Endpoint.allCases {
            page.sample(
                "postbox_request_body_bytes_total", ["endpoint": endpoint.name], totals.bodyBytes(endpoint).received)
        }
        page.begin("postbox_response_body_bytes_total", .counter, "Bytes of response bodies that went out.")
        for endpoint in Endpoint.allCases {
            page.sample(
                "postbox_response_body_bytes_total", ["endpoint": endpoint.name], totals.bodyBytes(endpoint).sent)
        }
        let now = server.statistics
        page.metric("postbox_connections_open", .gauge, "Connections that are open.", now.openConnections)
        page.metric("postbox_connections_limit", .gauge, "The most connections at a time.", connectionLimit)
        page.metric("postbox_requests_open", .gauge, "Requests that are being answered.", now.openRequests)
        page.metric(
            "postbox_connections_suspended", .gauge, "Connections whose answer comes from the store.",
            now.suspendedRequests)
        page.metric(
            "postbox_waiting_polls", .gauge, "Polls that wait for a change, each on a connection.", now.waitingRequests)
        page.begin("postbox_waits_total", .counter, "Waits of polls that are over, by what ended them.")
        for (end, count) in [
            ("changed", now.waitsChanged), ("timeout", now.waitsTimedOut), ("evicted", now.waitsEvicted),
            ("gone", now.waitsGone), ("stopping", now.waitsStopped),
        ] {
            page.sample("postbox_waits_total", ["end": end], count)
        }
    }

    private func writePeople(to page: inout Exposition) {
        page.metric(
            "postbox_people_polling", .gauge, "Different people who polled in the last 30 s, within some 2 %.",
            server.totals.peoplePolling)
        page.metric(
            "postbox_people_limited", .gauge,
            "Different people whom a rate limit turned away in the last 30 s, within some 2 %.", service.peopleLimited)
        page.metric(
            "postbox_poll_interval_seconds", .gauge, "How often clients are asked to poll; it rises with the load.",
            service.pollPace.interval)
        page.metric(
            "postbox_loop_busy_ratio", .gauge,
            "The share of time that the busiest event loop was busy, smoothed over some seconds.", service.pollPace.busy
        )
        page.begin(
            "postbox_delivery_latency_seconds", .histogram,
            "From the commit of a message until a recipient first fetched it, once for each recipient.")
        page.sample("postbox_delivery_latency_seconds", [:], deliveries.latencies)
        page.metric(
            "postbox_deliveries_forgotten_total", .counter,
            "Messages that a recipient had not fetched when they were too many to watch on.", deliveries.forgotten)
    }

    private func writeLimits(to page: inout Exposition) {
        let now = server.statistics
        page.begin("postbox_limits_hit_total", .counter, "How often a limit turned somebody away, by limit.")
        func sample(_ limit: String, _ count: Int) {
            page.sample("postbox_limits_hit_total", ["limit": limit], count)
        }
        let refusals = service.refusals
        sample("send_rate", refusals.sends)
        sample("poll_rate", refusals.polls)
        sample("open_rate", refusals.openings)
        sample("document_rate", refusals.documents)
        sample("authentication_failures", refusals.failures)
        let totals = server.totals
        func refused(_ kind: ProblemKind) -> Int {
            Endpoint.allCases.reduce(0) { $0 + totals.answers($1, .problem(kind)) }
        }
        sample("content_size", refused(.contentTooLarge))
        sample("answer_memory", service.answerMemory.refused)
        sample("poll_load", service.pollPace.refused)
        sample("waiting_polls", service.waitingPlaces.refused)
        sample(
            "write_queue",
            refused(.overloaded) - service.answerMemory.refused - service.pollPace.refused)
        sample("connections_per_address", now.refusedConnections)
        sample("request_timeout", now.cutConnections)
    }

    private func writeMemory(to page: inout Exposition) {
        page.metric(
            "postbox_unsent_answer_bytes", .gauge, "Bytes of answers that are made and not yet sent.",
            service.answerMemory.held)
        page.metric(
            "postbox_unsent_answer_bytes_limit", .gauge, "The most of them; a sixteenth for one user.",
            service.answerMemory.limit)
    }

    private func writeStore(to page: inout Exposition) {
        page.begin("postbox_group_commit_writes", .histogram, "Writes in one transaction.")
        page.sample("postbox_group_commit_writes", [:], commits.writes.value)
        page.begin("postbox_group_commit_sync_seconds", .histogram, "How long a commit took, its sync included.")
        page.sample("postbox_group_commit_sync_seconds", [:], commits.syncs.value)
        writeDatabase(to: &page)
        let tables = index.statistics
        func write(_ name: String, _ kind: Exposition.Kind, _ help: String, _ value: (TableStatistics) -> Int) {
            page.begin(name, kind, help)
            for (table, statistics) in tables { page.sample(name, ["table": table], value(statistics)) }
        }
        write(
            "postbox_index_hits_total", .counter,
            "Look-ups in memory that found an entry; a 304 that is given again makes none.", \.hits)
        write("postbox_index_misses_total", .counter, "Look-ups in memory that found none.", \.misses)
        write("postbox_index_evictions_total", .counter, "Entries that went to make room.", \.evictions)
        write("postbox_index_entries", .gauge, "Entries in memory.", \.entries)
    }

    private func writeDatabase(to page: inout Exposition) {
        switch database {
        case .file(let path):
            page.metric("postbox_database_bytes", .gauge, "The size of the database file.", Self.size(path))
            page.metric("postbox_wal_bytes", .gauge, "The size of the write-ahead log.", Self.size(path + "-wal"))
            let disk = DiskSpace(of: path)
            page.metric("postbox_disk_bytes", .gauge, "The size of the file system with the database.", disk.total)
            page.metric(
                "postbox_disk_available_bytes", .gauge, "What the server may still write there.", disk.available)
        case .server(let connections):
            let now = connections()
            page.metric("postbox_postgres_connections", .gauge, "Connections to PostgreSQL that are open.", now.open)
            page.metric(
                "postbox_postgres_broken_connections_total", .counter,
                "Connections to PostgreSQL that broke, or were given up because no answer came.", now.broken)
            if let nodes = now.nodes { write(nodes, to: &page) }
            if let replicas = now.replicas, !replicas.up.isEmpty { write(replicas, to: &page) }
        }
    }

    private func write(_ nodes: NodeFigures, to page: inout Exposition) {
        page.metric(
            "postbox_nodes", .gauge, "Processes that serve this database or change it, this one included.", nodes.nodes)
        page.metric(
            "postbox_node_alone", .gauge, "1 where this is the only one, and so does not look at the feed.",
            nodes.isAlone ? 1 : 0)
        if let age = nodes.lookAge {
            page.metric(
                "postbox_feed_look_age_seconds", .gauge,
                "How long ago the last complete look at the feed began; nobody looks while nobody polls.", age)
        }
        page.metric("postbox_feed_looks_total", .counter, "Looks at the feed.", nodes.looks)
        page.metric(
            "postbox_feed_look_seconds_total", .counter, "How long the looks took together, with what they brought.",
            nodes.lookSeconds)
        page.metric("postbox_feed_rows_total", .counter, "Rows of the feed that looks brought.", nodes.rows)
        page.metric(
            "postbox_feed_restarts_total", .counter,
            "How often memory was emptied because rows were missing, or the epoch was another.", nodes.restarts)
    }

    private func write(_ replicas: ReplicaFigures, to page: inout Exposition) {
        page.begin(
            "postbox_replica_up", .gauge,
            "1 where the read replica was reached at the last attempt; none is made without pages.")
        for (place, isUp) in replicas.up { page.sample("postbox_replica_up", ["replica": place], isUp ? 1 : 0) }
        page.metric(
            "postbox_replica_pages_total", .counter, "Older pages of messages that came from a read replica.",
            replicas.pages)
        page.begin(
            "postbox_replica_fallbacks_total", .counter,
            "Older pages of messages that the primary was asked for although there are read replicas, by reason.")
        for (reason, count) in replicas.misses {
            page.sample("postbox_replica_fallbacks_total", ["reason": reason], count)
        }
    }

    private func writeUpkeep(to page: inout Exposition) {
        if database.file != nil {
            page.begin(
                "postbox_control_commands_total", .counter, "Operators' commands to this server, by name and result.")
            for name in ControlCommand.Name.allCases {
                for result in ControlMetrics.Result.allCases {
                    page.sample(
                        "postbox_control_commands_total", ["command": name.rawValue, "result": result.rawValue],
                        commands.value(name, result))
                }
            }
        }
        if let backups {
            page.metric(
                "postbox_backup_timestamp_seconds", .gauge,
                "When the newest backup in --backup-folder was complete, since 1970; 0 where there is none.",
                backups.newest(now: Int(SystemClock.now().milliseconds / 1000)))
        }
        page.metric(
            "postbox_retention_removed_messages_total", .counter,
            "Messages that this server removed because they were older than they are kept.", retention.removed)
        page.metric(
            "postbox_retention_lag_seconds", .gauge,
            "How much longer than it is kept a message may be there at most; it falls to 0 with each pass.",
            retention.lag)
        if let expiry = server.certificateExpiry {
            page.metric(
                "postbox_certificate_expiry_timestamp_seconds", .gauge,
                "When the certificate of new connections expires, since 1970.", expiry)
        }
    }

    private func writeFaults(to page: inout Exposition) {
        page.begin("postbox_store_up", .gauge, "1 where the store's operation works, 0 while it fails.")
        // A database server writes its own checkpoints.
        let operations = StoreOperation.allCases.filter { $0 != .checkpoint || database.file != nil }
        for operation in operations {
            page.sample(
                "postbox_store_up", ["operation": operation.rawValue], store.fault(of: operation) == nil ? 1 : 0)
        }
        page.begin(
            "postbox_store_failures_total", .counter,
            "Failed transactions, reads and checkpoints, by reason; a transaction may be of many writes.")
        for operation in operations {
            for fault in StoreFault.allCases {
                page.sample(
                    "postbox_store_failures_total", ["operation": operation.rawValue, "reason": fault.name],
                    store.failures(of: operation, by: fault))
            }
        }
    }

    private func writeProcess(to page: inout Exposition) {
        page.metric(
            "postbox_loop_stall_seconds", .gauge,
            "The longest time since an event loop last woke up; about a second at rest.", server.secondsSinceTurn)
        page.metric(
            "postbox_log_lines_dropped_total", .counter, "Log lines that nobody took in time.", logs.queue.droppedLines)
        page.begin("postbox_build_info", .gauge, "Always 1; the version is in the label.")
        page.sample("postbox_build_info", ["version": Version.current], 1)
        let process = ProcessStatistics()
        page.metric("process_cpu_seconds_total", .counter, "Processor time used.", process.processorSeconds)
        page.metric("process_resident_memory_bytes", .gauge, "Memory that is really there.", process.residentBytes)
        page.metric("process_virtual_memory_bytes", .gauge, "Address space.", process.virtualBytes)
        page.metric("process_open_fds", .gauge, "Files and sockets that are open.", process.openDescriptors)
        page.metric("process_max_fds", .gauge, "How many could be open.", process.mostDescriptors)
        page.metric("process_start_time_seconds", .gauge, "When it started, since 1970.", process.startTime)
    }

    private static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}

/// The server's counts, under the service's names for their numbers.
extension ServerTotals {
    /// How many answers an endpoint gave with this outcome.
    func answers(_ endpoint: Endpoint, _ outcome: Outcome) -> Int {
        answers(endpoint: endpoint.index, outcome: outcome.index)
    }

    /// How many bytes of request bodies an endpoint received, and of response bodies it sent.
    func bodyBytes(_ endpoint: Endpoint) -> (received: Int, sent: Int) { bodyBytes(endpoint: endpoint.index) }

    /// How long an endpoint's answers took, in seconds.
    func durations(_ endpoint: Endpoint) -> Histogram { durations(endpoint: endpoint.index) }
}
