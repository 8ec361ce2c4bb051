/// One HTTP request as bytes, free of any socket.
package struct Request: Sendable {
    /// What is to be done.
    package let method: Method
    /// The request target as it came: path and query, still percent-encoded (RFC 9112, section 3.2).
    package let target: [UInt8]
    /// The header fields Postbox knows.
    package let fields: RequestFields
    /// The whole body; empty until it has been read.
    package let body: [UInt8]
    /// The address of the peer without its port, as text; empty where it has none.
    package let peer: String
    private var madeID: String?

    package init(
        method: Method, target: [UInt8], fields: RequestFields = RequestFields(), body: [UInt8] = [], peer: String = ""
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
        self.peer = peer
    }

    /// Its name in logs: as the client gave it or, from the moment that one is needed, as it was made; nil until then.
    package var id: String? { madeID ?? RequestID.given(in: fields) }

    /// Names it where the client did not.
    package mutating func named(by makeID: () -> String) {
        if id == nil { madeID = makeID() }
    }
}
