// Values to bytes and back, against the Python driver's bytes.

import CQLProtocol
import MillraceBase
import NIOCore
import Testing

@Suite("CQL values")
struct ValueTests {
    private func type(_ text: String) throws -> CQLType {
        try CQLType.parse(text) { $0 == "address" ? ValueVector.user : nil }
    }

    /// Goal: our bytes are the Python driver's, for each type.
    @Test(arguments: ValueVector.all)
    func encodesAsTheDriver(vector: ValueVector) throws {
        let encoded = try #require(try vector.value.encoded(as: type(vector.type)))
        #expect(hex(encoded) == vector.bytes)
    }

    /// Goal: the driver's bytes give the value back.
    @Test(arguments: ValueVector.all)
    func decodesWhatTheDriverWrote(vector: ValueVector) throws {
        let value = try CQLValue.decode(bytes(hex: vector.bytes), as: type(vector.type))
        #expect(value == vector.value)
    }

    /// Method: cut each vector at every length. A type of fixed size or with parts is refused; one
    /// whose end is the end of its bytes gives some value. Nothing crashes.
    @Test(arguments: ValueVector.all)
    func survivesEveryCut(vector: ValueVector) throws {
        let type = try type(vector.type)
        let whole = bytes(hex: vector.bytes)
        for length in whole.indices.dropFirst() {
            let cut = Array(whole.prefix(length))
            switch type {
            case .text, .blob, .ascii, .varint, .decimal, .inet, .tuple, .udt, .duration:
                _ = try? CQLValue.decode(cut, as: type)
            default:
                #expect(throws: WireError.self) { try CQLValue.decode(cut, as: type) }
            }
        }
    }

    /// Goal: bytes left over are an error.
    @Test(arguments: ValueVector.all)
    func refusesBytesLeftOver(vector: ValueVector) throws {
        let type = try type(vector.type)
        switch type {
        case .text, .blob, .ascii, .varint, .decimal: return
        default: break
        }
        #expect(throws: WireError.self) {
            try CQLValue.decode(bytes(hex: vector.bytes) + [0xFF], as: type)
        }
    }

    /// Goal: a claimed count takes no memory.
    @Test(arguments: ["list<int>", "map<int, int>", "set<text>"])
    func refusesClaimedCounts(text: String) throws {
        for claim in ["7fffffff", "ffffffff", "00000002"] {
            #expect(throws: WireError.self) {
                try CQLValue.decode(bytes(hex: claim + "00000000"), as: type(text))
            }
        }
    }

    /// Goal: no bytes are an empty text, an empty blob, and `.empty` elsewhere; all encode back.
    @Test func emptyIsNotNull() throws {
        #expect(try CQLValue.decode([], as: .text) == .text(""))
        for type in [CQLType.int, .uuid, .list(.int), .decimal, .boolean] {
            #expect(try CQLValue.decode([], as: type) == .empty)
            #expect(try CQLValue.empty.encoded(as: type) == [])
        }
    }

    /// Goal: numbers fit wider columns and are refused by narrower ones.
    @Test func fitsWholeNumbers() throws {
        #expect(try CQLValue.int(5).encoded(as: .bigint) == [0, 0, 0, 0, 0, 0, 0, 5])
        #expect(try CQLValue.bigint(5).encoded(as: .int) == [0, 0, 0, 5])
        #expect(throws: CQLEncodingError.self) { try CQLValue.int(300).encoded(as: .tinyint) }
        #expect(throws: CQLEncodingError.self) { try CQLValue.text("1").encoded(as: .int) }
        #expect(throws: CQLEncodingError.self) { try CQLValue.text("ü").encoded(as: .ascii) }
        #expect(throws: CQLEncodingError.self) { try CQLValue.time(-1).encoded(as: .time) }
    }

    /// Goal: a value that cannot be encoded leaves nothing behind.
    @Test func leavesNothingOfARefusedValue() {
        var out = ByteBuffer()
        let value = CQLValue.list([.int(1), .text("x")])
        #expect(throws: CQLEncodingError.self) { try value.appendCell(as: .list(.int), to: &out) }
        #expect(out.readableBytes == 0)
    }

    /// Goal: a tuple or user type written before a field was added reads as null there.
    @Test func missingFieldsAreNull() throws {
        let short = try #require(try CQLValue.tuple([.int(1)]).encoded(as: .tuple([.int])))
        #expect(
            try CQLValue.decode(short, as: .tuple([.int, .text])) == .tuple([.int(1), .null]))
    }
}

@Suite("CQL numbers and UUIDs")
struct NumberTests {
    /// Goal: digits survive both ways, at any size.
    @Test(arguments: [
        "0", "-1", "127", "-128", "128", "9223372036854775807", "-9223372036854775808",
        "9223372036854775808", "-9223372036854775809", "1000000000000000000000000000000",
        "-340282366920938463463374607431768211456",
    ])
    func varintText(text: String) throws {
        #expect(try #require(CQLVarint(text)).description == text)
    }

    /// Goal: order is of numbers, not of bytes.
    @Test func varintOrder() throws {
        let texts = [
            "-99999999999999999999", "-256", "-2", "0", "1", "128", "99999999999999999999",
        ]
        let numbers = try texts.map { try #require(CQLVarint($0)) }
        #expect(numbers.shuffled().sorted() == numbers)
    }

    /// Goal: Java's BigDecimal text; a huge exponent costs nothing.
    @Test(arguments: [
        ("1.00", "1.00"), ("-0.5", "-0.5"), ("1e-7", "1E-7"), ("1e10", "1E+10"),
        ("12.5e3", "1.25E+4"), ("1e1000000000", "1E+1000000000"), ("0.000001", "0.000001"),
    ])
    func decimalText(text: String, shown: String) throws {
        #expect(try #require(CQLDecimal(text)).description == shown)
    }

    @Test(arguments: ["", "-", "1.2.3", "abc", "1e", "1e99999999999", "١"])
    func refusesWhatIsNoNumber(text: String) { #expect(CQLDecimal(text) == nil) }

    @Test func durationText() {
        let duration = CQLDuration(months: 14, days: 3, nanoseconds: 3_723_004_005_006)
        #expect(duration.description == "1y2mo3d1h2m3s4ms5us6ns")
        let negative = CQLDuration(months: -1, days: 0, nanoseconds: -1)
        #expect(negative.description == "-1mo1ns")
    }

    @Test func uuidText() throws {
        let text = "e4b2c0de-5c1a-11ee-8c99-0242ac120002"
        let uuid = try #require(CQLUUID(text.uppercased()))
        #expect(uuid.description == text)
        #expect(CQLUUID(uuid.bytes) == uuid)
        #expect(uuid.version == 1)
        // uuid.UUID(text).time, of Python
        #expect(uuid.timestampTicks == 139_149_909_070_889_182)
        for bad in ["", "e4b2c0de5c1a11ee8c990242ac120002", text + "0", "g" + text.dropFirst()] {
            #expect(CQLUUID(bad) == nil)
        }
    }

    @Test func timeUUIDHoldsItsTime() {
        let uuid = CQLUUID.time(
            unixMilliseconds: 1_700_000_000_123, clockSequenceAndNode: 0x8000_0000_0000_0001)
        #expect(uuid.version == 1)
        #expect(uuid.unixMilliseconds == 1_700_000_000_123)
    }

    @Test func randomUUIDsAreOfVersion4() {
        let uuid = CQLUUID.random()
        #expect(uuid.version == 4)
        #expect(uuid.low >> 62 == 2)
    }
}
