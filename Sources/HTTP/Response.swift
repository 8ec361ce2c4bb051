import Synchronization

/// One HTTP response, immutable and free of any socket.
///
/// It is a class so that the same response can be sent many times: the server keeps its own prepared form in
/// ``attachment`` and makes it once.
public final class Response: Sendable {
    /// A header field of a response. The value has no line breaks and no control characters.
    public struct Field: Sendable, Equatable {
        /// The field name as it goes out.
        public let name: String
        /// The field value as it goes out.
        public let value: String

        /// Creates a field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The status code, 200–599.
    public let status: Int
    /// The header fields in the order they go out; `Content-Length`, `Date` and `Connection` are the server's.
    public let fields: [Field]
    /// The body as it would answer a `GET`; the server leaves it out where the method or status asks for that.
    public let body: [UInt8]
    /// How many bytes the body has as an answer to `GET`; more than ``body`` only in an answer to `HEAD`, which is made without one.
    public let sizeOfBody: Int
    /// How many bytes the body has without its content coding.
    public let uncodedSize: Int
    /// An object that is released when the body is no longer referenced.
    public let share: (any AnyObject & Sendable)?
    /// The label under which it is counted and logged.
    public let label: Label
    /// Whether it answers many requests, and so cannot name one of them.
    public let isShared: Bool
    /// The place where the server keeps its own form of this response; any thread may use it.
    public let attachment = Mutex<(any AnyObject & Sendable)?>(nil)

    /// Creates a response.
    public init(
        status: Int, fields: [Field], body: [UInt8] = [], sizeOfBody: Int? = nil, uncodedSize: Int? = nil,
        label: Label = .unlabelled, isShared: Bool = false, share: (any AnyObject & Sendable)? = nil
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.sizeOfBody = sizeOfBody ?? body.count
        self.uncodedSize = uncodedSize ?? self.sizeOfBody
        self.share = share
        self.label = label
        self.isShared = isShared
    }

    /// The value of the first field with this name, compared without regard to case.
    public func value(of name: String) -> String? {
        let name = name.lowercased()
        return fields.first { $0.name.lowercased() == name }?.value
    }
}
