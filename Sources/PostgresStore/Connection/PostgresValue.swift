import Messaging

/// A parameter of a statement.
enum PostgresValue {
    case text(String?)
    case int8(Int64?)
    case int4(Int32?)
    case bool(Bool?)
    case bytes([UInt8]?)
    case textArray([String?])
    case int8Array([Int64?])
    case int4Array([Int32?])

    /// The object id of its type, from the catalog pg_type, where those of built-in types never change.
    var type: PostgresType {
        switch self {
        case .text: .text
        case .int8: .int8
        case .int4: .int4
        case .bool: .bool
        case .bytes: .bytea
        case .textArray: .textArray
        case .int8Array: .int8Array
        case .int4Array: .int4Array
        }
    }

    static func ids<Owner>(_ ids: some Sequence<Identifier<Owner>>) -> PostgresValue {
        .textArray(ids.map(\.text))
    }
}

/// The types that parameters and results have.
enum PostgresType: UInt32 {
    case bool = 16
    case bytea = 17
    case int8 = 20
    case int4 = 23
    case text = 25
    case boolArray = 1000
    case int4Array = 1007
    case textArray = 1009
    case int8Array = 1016
}
