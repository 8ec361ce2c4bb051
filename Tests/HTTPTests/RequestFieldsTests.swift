import HTTP
import Testing

@Suite("The header fields of a request")
struct RequestFieldsTests {
    private let lines: [(RequestField, [UInt8])] = [
        (.origin, Array("https://a.example".utf8)), (.ifNoneMatch, []), (.authorization, [0x00, 0xFF, 0x0A]),
        (.ifNoneMatch, Array(repeating: 0x61, count: 70_000)), (.accessControlRequestHeaders, [0x62]),
        (.ifNoneMatch, [0x63]),
    ]

    @Test("Header fields come back as they came, line by line: empty ones, long ones and any byte")
    func roundTrip() {
        var fields = RequestFields()
        for (field, value) in lines { fields.append(field, value) }
        for field in RequestField.allCases {
            let values = lines.filter { $0.0 == field }.map(\.1)
            #expect(fields.all(field).map(Array.init) == values)
            #expect(fields.count(of: field) == values.count)
            #expect(fields[field].map(Array.init) == values.first)
        }
    }

    @Test("come back packed, too, and what is added afterwards with them")
    func packed() {
        var fields = RequestFields()
        for (field, value) in lines { fields.append(field, value) }
        var copy = RequestFields(packed: fields.packed)
        copy.append(.origin, [0x64])
        for field in RequestField.allCases {
            let values = lines.filter { $0.0 == field }.map(\.1)
            #expect(copy.all(field).map(Array.init) == values + (field == .origin ? [[0x64]] : []))
        }
        #expect(RequestFields().packed.isEmpty)
    }

    @Test("The memory of fields serves those of another request, which has nothing of them", arguments: [2, 4])
    func emptied(count: Int) {
        var fields = RequestFields()
        for (field, value) in lines.prefix(count) { fields.append(field, value) }
        let before = fields
        fields = fields.emptied()
        #expect(fields.packed.isEmpty)
        for field in RequestField.allCases { #expect(fields[field] == nil && fields.count(of: field) == 0) }
        fields.append(.host, [0x64])
        #expect(fields[.host].map(Array.init) == [0x64] && fields[.origin] == nil)
        #expect(before[.origin].map(Array.init) == lines[0].1)
    }

    @Test("A request without header fields has none")
    func none() {
        let fields = RequestFields()
        for field in RequestField.allCases {
            #expect(fields[field] == nil)
            #expect(fields.all(field).isEmpty && fields.count(of: field) == 0)
        }
    }
}
