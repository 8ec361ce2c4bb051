import HTTP
import Messaging

extension Label {
    /// The label of an answer to this caller.
    init(_ endpoint: Endpoint, _ outcome: Outcome, by caller: Caller? = nil) {
        let viewer = caller.map(Self.viewer) ?? 0
        self.init(
            endpointIndex: endpoint.index, outcomeIndex: outcome.index, viewer: viewer,
            isPoll: viewer != 0 && (Endpoint.conversations.index...Endpoint.messages.index).contains(endpoint.index))
    }

    /// What the request was for.
    package var endpoint: Endpoint { Endpoint(rawValue: UInt8(endpointIndex)) ?? .other }

    /// What came of it.
    package var outcome: Outcome { Outcome.allCases[outcomeIndex] }

    private static func viewer(_ caller: Caller) -> UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.combine(caller)
        return fingerprint.mixed
    }
}
