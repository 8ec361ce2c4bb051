import Logging
import Messaging
import MessagingHTTP
import MicroHTTPServer

/// The most memory that each part of a server takes, about, in bytes.
struct MemoryBounds {
    /// Each under its name in the log.
    let parts: KeyValuePairs<String, Int>

    /// All together.
    var total: Int { parts.reduce(0) { $0 + $1.value } }

    /// As fields of a line in the log.
    var fields: Logger.Metadata {
        Dictionary(uniqueKeysWithValues: parts.map { ("\($0.key)_bytes", .stringConvertible($0.value)) })
    }
}

extension Serve {
    /// The memory of a connection besides its head, which is there twice: in the library, and in our own reader.
    private static let connectionBytes = 8 << 10
    /// And with TLS.
    private static let secureConnectionBytes = 10 << 10
    /// The memory of a poll that waits, besides its connection.
    private static let waitBytes = 4 << 10
    /// The memory of a user and a conversation in the index, the token cache and the rate limits.
    private static let indexBytes = 1200
    private static let limitBytes = 6 * 100
    /// The program and its threads, before the first request.
    private static let programBytes = 48 << 20

    /// The most memory that a connection takes.
    var bytesPerConnection: Int {
        2 * limits.maxHeaderBytes + Self.connectionBytes + (tls.files == nil ? 0 : Self.secureConnectionBytes)
    }

    /// The most memory, as the options say.
    var memoryBounds: MemoryBounds {
        let settings = serviceSettings
        let page = limits.maxAnswerBytes + 6 * limits.maxContentBytes
        let reads = DatabaseOption.readers + readReplica.count * DatabaseOption.replicaReaders
        return MemoryBounds(parts: [
            "unsent_answers": limits.maxAnswerMemory,
            // As they are read, and as they are written.
            "answers_in_the_making": 2 * page * (reads + loopCount),
            "connections": connectionLimit * bytesPerConnection,
            "waiting_polls": settings.mostWaiting * Self.waitBytes,
            // As they come in, and as they wait to be stored.
            "request_bodies": 2 * ServerConfiguration().bodyMemory,
            "index": indexCapacity * Self.indexBytes + FreshnessIndex.largestRecents + FreshnessIndex.largestGroups,
            "kept_answers": settings.notModifiedBytes,
            "kept_lists": settings.listSnapshotBytes,
            "limits": settings.limits.capacity * Self.limitBytes,
            "database": database.pageMemory(answer: page, reads: reads),
            "commands": database.commandMemory,
            "program": Self.programBytes,
        ])
    }
}
