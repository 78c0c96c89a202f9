// Types as text, as Java's classes and on the wire.

import CQLProtocol
import MillraceBase
import NIOCore
import Testing

@Suite("CQL types")
struct TypeTests {
    private static let texts = [
        "int", "text", "duration", "list<int>", "map<text, frozen<list<int>>>",
        "frozen<tuple<int, text, frozen<set<uuid>>>>", "vector<float, 3>", "address",
        "map<frozen<address>, timeuuid>", "'org.example.MyType'",
    ]

    static let types: [CQLType] =
        Array(CQLType.simpleTypes.values) + [
            .list(.int), .set(.map(.text, .uuid)), .tuple([.int, .list(.date)]),
            .udt(ValueVector.user), .vector(.float, dimensions: 3), .custom("org.example.MyType"),
            .map(.text, .tuple([.duration, .tinyint])),
        ]

    /// Goal: what is written is what is read.
    @Test(arguments: texts)
    func survivesTheRoundTripAsText(text: String) throws {
        let type = try CQLType.parse(text) { $0 == "address" ? ValueVector.user : nil }
        #expect(type.description == text)
    }

    @Test func readsFreeForms() throws {
        #expect(try CQLType.parse(" MAP < VarChar,LIST<Int> > ") == .map(.text, .list(.int)))
        var user = ValueVector.user
        user.name = "My \"Type\""
        let named = user
        #expect(
            try CQLType.parse("frozen<\"My \"\"Type\"\"\">") { $0 == named.name ? named : nil }
                == .frozen(.udt(named)))
    }

    @Test(arguments: [
        "", "list", "list<", "list<int", "map<int>", "int>", "int int", "vector<float>",
        "vector<float, 0>", "nothing", "\"open", "text<int>",
    ])
    func refuses(text: String) { #expect(throws: CQLTypeError.self) { try CQLType.parse(text) } }

    /// Goal: nesting is bounded, not the stack's matter.
    @Test func refusesDeepNesting() throws {
        let deep = String(repeating: "list<", count: 10_000) + "int"
        #expect(throws: CQLTypeError.self) { try CQLType.parse(deep) }
        let classes = String(repeating: "ListType(", count: 10_000) + "Int32Type"
        #expect(throws: CQLTypeError.self) { try JavaTypeName.parse(classes) }
        var wire = ByteBuffer(bytes: Array(repeating: [UInt8(0), 0x20], count: 10_000).joined())
        #expect(throws: WireError.self) { try CQLType.read(from: &wire) }
    }

    /// Goal: each type survives each version; those without a code go as classes.
    @Test(arguments: types, ProtocolVersion.allCases)
    func survivesTheWire(type: CQLType, version: ProtocolVersion) throws {
        var wire = ByteBuffer()
        type.write(to: &wire, version: version)
        let whole = wire
        #expect(try CQLType.read(from: &wire) == type)
        #expect(wire.readableBytes == 0)
        for length in 0..<whole.readableBytes {
            var cut = whole.getSlice(at: 0, length: length) ?? ByteBuffer()
            #expect(throws: WireError.self) { try CQLType.read(from: &cut) }
        }
    }

    @Test func knowsWhatIsNew() {
        var out = ByteBuffer()
        CQLType.duration.write(to: &out, version: .v5)
        #expect(hex(out.readableBytesView) == "0015")
        out.clear()
        CQLType.duration.write(to: &out, version: .v4)
        #expect(
            String(decoding: out.readableBytesView.dropFirst(4), as: UTF8.self)
                == "org.apache.cassandra.db.marshal.DurationType")
        out.clear()
        CQLType.vector(.float, dimensions: 3).write(to: &out, version: .v5)
        #expect(
            String(decoding: out.readableBytesView.dropFirst(4), as: UTF8.self)
                == "org.apache.cassandra.db.marshal.VectorType("
                + "org.apache.cassandra.db.marshal.FloatType , 3)")
    }

    @Test(arguments: types)
    func survivesTheRoundTripAsJavaClass(type: CQLType) throws {
        #expect(try JavaTypeName.parse(JavaTypeName.name(of: type)) == type)
    }

    @Test func readsJavaClasses() throws {
        let marshal = "org.apache.cassandra.db.marshal."
        #expect(
            try JavaTypeName.parse("\(marshal)ReversedType(\(marshal)TimeUUIDType)") == .timeuuid)
        #expect(
            try JavaTypeName.parse("DynamicCompositeType(a=>UTF8Type)")
                == .custom("DynamicCompositeType(a=>UTF8Type)"))
    }

    @Test func quotesNames() {
        #expect(CQLIdentifier.quoted("plain_1") == "plain_1")
        #expect(CQLIdentifier.quoted("Mixed") == "\"Mixed\"")
        #expect(CQLIdentifier.quoted("a\"b") == "\"a\"\"b\"")
        #expect(CQLIdentifier.quoted("select") == "\"select\"")
        #expect(CQLIdentifier.quoted("1a") == "\"1a\"")
    }

    @Test func unfreezes() {
        #expect(
            CQLType.frozen(.map(.text, .frozen(.list(.int)))).unfrozen == .map(.text, .list(.int)))
    }
}
