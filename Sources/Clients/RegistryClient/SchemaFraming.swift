// How a record says which schema it was written with: five bytes in front, or a header.
// Source: reference/kafka.md C3.

public import MillraceBase

/// Which schema, and for Protobuf which message of it.
public struct SchemaTicket: Sendable, Hashable {
    public enum Identity: Sendable, Hashable {
        case id(Int)
        /// 32 digits in five groups.
        case guid(String)
    }

    public var identity: Identity
    /// The path to a Protobuf message; `nil` for other kinds.
    public var messageIndexes: [Int]?

    public init(_ identity: Identity, messageIndexes: [Int]? = nil) {
        self.identity = identity
        self.messageIndexes = messageIndexes
    }
}

public enum SchemaFraming {
    /// The header that says which schema a record's key or value has.
    public static let keyHeader = "__key_schema_id"
    public static let valueHeader = "__value_schema_id"

    private static let idMark: UInt8 = 0
    private static let guidMark: UInt8 = 1

    /// What stands in front of the data, or in the header: 00 and the id, or 01 and the GUID; then
    /// the path of a Protobuf message.
    ///
    /// - Throws: when the id does not fit 32 bits, or the GUID is none.
    public static func bytes(of ticket: SchemaTicket) throws(WireError) -> [UInt8] {
        var out: [UInt8]
        switch ticket.identity {
        case .id(let id):
            guard let id = UInt32(exactly: id) else {
                throw WireError(.invalid("is not a number of 32 bits"), in: "schema id")
            }
            out = [idMark] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: id >> $0) }
        case .guid(let text): out = [guidMark] + (try Self.bytes(ofGUID: text))
        }
        guard let indexes = ticket.messageIndexes else { return out }
        // Most often it is the first message; that path is a single byte.
        if indexes == [0] { return out + [0] }
        append(indexes.count, to: &out)
        for index in indexes { append(index, to: &out) }
        return out
    }

    /// - Parameter hasMessageIndexes: the schema is Protobuf.
    /// - Returns: the ticket, and how many bytes it took.
    public static func ticket(in bytes: some Collection<UInt8>, hasMessageIndexes: Bool)
        throws(WireError) -> (ticket: SchemaTicket, length: Int)
    {
        var rest = Array(bytes.prefix(Self.ticketBytesMax))[...]
        let count = rest.count
        let identity: SchemaTicket.Identity
        switch rest.popFirst() {
        case idMark:
            guard rest.count >= 4 else { throw Self.cut }
            identity = .id(rest.prefix(4).reduce(0) { $0 << 8 | Int($1) })
            rest = rest.dropFirst(4)
        case guidMark:
            guard rest.count >= 16 else { throw Self.cut }
            identity = .guid(guid(rest.prefix(16)))
            rest = rest.dropFirst(16)
        case nil: throw Self.cut
        default: throw WireError(.invalid("starts with neither 0 nor 1"), in: "schema id")
        }
        var ticket = SchemaTicket(identity)
        if hasMessageIndexes { ticket.messageIndexes = try indexes(&rest) }
        return (ticket, count - rest.count)
    }

    /// The mark, a GUID, and a path of numbers of ten bytes each.
    private static let ticketBytesMax = 17 + 10 * (RegistryLimits.messageDepthMax + 1)

    private static let cut = WireError(.invalid("is cut short"), in: "schema id")

    private static func indexes(_ rest: inout ArraySlice<UInt8>) throws(WireError) -> [Int] {
        let count = try number(&rest)
        if count == 0 { return [0] }
        guard (1...RegistryLimits.messageDepthMax).contains(count) else {
            throw WireError(.invalid("has a path of \(count) numbers"), in: "message indexes")
        }
        var indexes: [Int] = []
        for _ in 0..<count {
            let index = try number(&rest)
            guard index >= 0 else {
                throw WireError(.invalid("is below zero"), in: "message indexes")
            }
            indexes.append(index)
        }
        return indexes
    }

    /// Zig-zag, seven bits a byte, the lowest first.
    private static func append(_ number: Int, to out: inout [UInt8]) {
        var rest = UInt64(bitPattern: Int64(number << 1 ^ number >> 63))
        while rest > 0x7F {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        out.append(UInt8(rest))
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) throws(WireError) -> Int {
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw cut }
            bits |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return Int(Int64(bits >> 1) ^ -Int64(bits & 1)) }
        }
        throw WireError(.invalid("is a number of more than 64 bits"), in: "message indexes")
    }

    private static func bytes(ofGUID text: String) throws(WireError) -> [UInt8] {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        var out: [UInt8] = []
        for start in stride(from: 0, to: digits.count - 1, by: 2) {
            let pair = String(decoding: digits[start..<start + 2], as: UTF8.self)
            if let byte = UInt8(pair, radix: 16) { out.append(byte) }
        }
        guard digits.count == 32, out.count == 16 else {
            throw WireError(.invalid("is not 32 hexadecimal digits"), in: "schema GUID")
        }
        return out
    }

    private static func guid(_ bytes: ArraySlice<UInt8>) -> String {
        var out = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { out.append("-") }
            let digits = String(byte, radix: 16)
            out += digits.count == 1 ? "0" + digits : digits
        }
        return out
    }
}
