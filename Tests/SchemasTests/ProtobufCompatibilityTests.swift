// Which Protobuf schemas read what others wrote. Rules: Confluent's.

import MillraceSchemas
import Testing

private func message(_ body: String, _ rest: String = "") -> String {
    "syntax = \"proto3\"; message M { \(body) } \(rest)"
}

private func proto2(_ body: String) -> String { "syntax = \"proto2\"; message M { \(body) }" }

@Suite struct ProtobufCompatibilityTests {
    static let fields: [SchemaPair] = [
        .init(
            "added", reader: message("int32 a = 1; int32 b = 2;"), writer: message("int32 a = 1;")),
        .init("removed", reader: message(""), writer: message("int32 a = 1;")),
        .init("renamed", reader: message("int32 b = 1;"), writer: message("int32 a = 1;")),
        .init("renumbered", reader: message("int32 a = 2;"), writer: message("int32 a = 1;")),
        .init("a wider number", reader: message("int64 a = 1;"), writer: message("bool a = 1;")),
        .init(
            "bytes of a string", reader: message("bytes a = 1;"), writer: message("string a = 1;")),
        .init(
            "zig-zag", reader: message("sint32 a = 1;"), writer: message("int32 a = 1;"),
            broken: "FIELD_SCALAR_KIND_CHANGED #/M/1"),
        .init(
            "fixed", reader: message("fixed32 a = 1;"), writer: message("fixed64 a = 1;"),
            broken: "FIELD_SCALAR_KIND_CHANGED #/M/1"),
        .init(
            "unsigned fixed", reader: message("fixed32 a = 1;"), writer: message("sfixed32 a = 1;")),
        .init(
            "a number of a text", reader: message("double a = 1;"),
            writer: message("string a = 1;"),
            broken: "FIELD_SCALAR_KIND_CHANGED #/M/1"),
        .init(
            "an enum of a number", reader: message("E a = 1;", "enum E { A = 0; }"),
            writer: message("int32 a = 1;")),
        .init(
            "an enum's values", reader: message("E a = 1;", "enum E { A = 0; }"),
            writer: message("E a = 1;", "enum E { B = 0; C = 1; }")),
        .init(
            "a message of a number", reader: message("N a = 1; message N {}"),
            writer: message("int32 a = 1;"), broken: "FIELD_KIND_CHANGED #/M/1"),
        .init(
            "another message", reader: message("N a = 1;", "message N {} message O {}"),
            writer: message("O a = 1;", "message N {} message O {}"),
            broken: "FIELD_NAMED_TYPE_CHANGED #/M/1"),
        .init(
            "another way to name it", reader: message("N a = 1; message N {}"),
            writer: message(".M.N a = 1; message N {}")),
        .init(
            "a map's values", reader: message("map<string, int32> a = 1;"),
            writer: message("map<string, string> a = 1;"),
            broken: "FIELD_SCALAR_KIND_CHANGED #/M/1"),
        .init(
            "a map of a message", reader: message("map<string, int32> a = 1;"),
            writer: message("N a = 1; message N {}"), broken: "FIELD_KIND_CHANGED #/M/1",
            "MESSAGE_REMOVED #/M/N"),
        .init(
            "repeated numbers", reader: message("repeated int32 a = 1;"),
            writer: message("optional int32 a = 1;"),
            broken: "FIELD_NUMERIC_LABEL_CHANGED #/M/1"),
        .init(
            "repeated texts", reader: message("repeated string a = 1;"),
            writer: message("optional string a = 1;")),
        .init(
            "required and new", reader: proto2("required int32 a = 1;"), writer: proto2(""),
            broken: "REQUIRED_FIELD_ADDED #/M/1"),
        .init(
            "required before", reader: proto2(""), writer: proto2("required int32 a = 1;"),
            broken: "REQUIRED_FIELD_REMOVED #/M/1"),
        .init(
            "a group of a message", reader: proto2("optional group G = 1 {}"),
            writer: proto2("optional group G = 1 { optional int32 x = 1; }")),
        .init(
            "package, syntax and services",
            reader:
                "syntax = \"proto2\"; package b; message M {} service S { rpc R (M) returns (M); }",
            writer: "syntax = \"proto3\"; package a; message M {}"),
    ]

    static let messages: [SchemaPair] = [
        .init("a message more", reader: message("", "message N {}"), writer: message("")),
        .init(
            "a message less", reader: message(""), writer: message("", "message N {}"),
            broken: "MESSAGE_REMOVED #/N"),
        .init(
            "a nested message less", reader: message(""), writer: message("message N {}"),
            broken: "MESSAGE_REMOVED #/M/N"),
        .init(
            "another order", reader: "message A {} message B {}",
            writer: "message B {} message A {}"),
        .init("an enum less", reader: message(""), writer: message("", "enum E { A = 0; }")),
        .init(
            "inside a nested message", reader: message("message N { string a = 1; }"),
            writer: message("message N { int32 a = 1; }"),
            broken: "FIELD_SCALAR_KIND_CHANGED #/M/N/1"),
    ]

    static let oneofs: [SchemaPair] = [
        .init(
            "one field moved into a new one",
            reader: message("oneof o { string a = 1; int32 b = 2; }"),
            writer: message("string a = 1;")),
        .init(
            "two fields moved into a new one",
            reader: message("oneof o { string a = 1; int32 b = 2; }"),
            writer: message("string a = 1; int32 b = 2;"),
            broken: "MULTIPLE_FIELDS_MOVED_TO_ONEOF #/M/o"),
        .init(
            "a field moved into one that was there",
            reader: message("oneof o { string a = 1; int32 b = 2; }"),
            writer: message("string a = 1; oneof o { int32 b = 2; }"),
            broken: "FIELD_MOVED_TO_EXISTING_ONEOF #/M/o"),
        .init(
            "a field more", reader: message("oneof o { string a = 1; int32 b = 2; }"),
            writer: message("oneof o { string a = 1; }")),
        .init(
            "a field less", reader: message("oneof o { string a = 1; }"),
            writer: message("oneof o { string a = 1; int32 b = 2; }"),
            broken: "ONEOF_FIELD_REMOVED #/M/o/2"),
        .init(
            "it is gone", reader: message("string a = 1;"),
            writer: message("oneof o { string a = 1; }")),
        .init(
            "renamed, and a field's type changed", reader: message("oneof p { int32 a = 1; }"),
            writer: message("oneof o { string a = 1; }"),
            broken: "FIELD_SCALAR_KIND_CHANGED #/M/1"),
    ]

    @Test(arguments: fields) func fieldsOfMessages(_ pair: SchemaPair) throws {
        try pair.check(.protobuf)
    }

    @Test(arguments: messages) func messagesOfFiles(_ pair: SchemaPair) throws {
        try pair.check(.protobuf)
    }

    @Test(arguments: oneofs) func membersOfOneofs(_ pair: SchemaPair) throws {
        try pair.check(.protobuf)
    }

    private func borrowing(_ type: String, version: Int, package: String = "p") throws
        -> SchemaDocument
    {
        try SchemaDocument(
            kind: .protobuf,
            text: "import \"n.proto\"; message M { optional \(package).N n = 1; }",
            references: SchemaReferences(
                [SchemaReference(name: "n.proto", subject: "n", version: version)],
                texts: ["n.proto": "package \(package); message N { optional \(type) a = 1; }"]))
    }

    /// Goal: a borrowed message is compared when its version differs, by its local name.
    @Test func borrowedMessages() throws {
        let old = try borrowing("int32", version: 1)
        func found(_ new: SchemaDocument) -> [String] {
            new.incompatibilities(readingDataOf: old).map { "\($0.type) \($0.path)" }
        }
        #expect(found(try borrowing("int64", version: 2)).isEmpty)
        #expect(
            found(try borrowing("string", version: 2)) == [
                "FIELD_SCALAR_KIND_CHANGED #/N/1", "FIELD_NAMED_TYPE_CHANGED #/M/1",
            ])
        #expect(found(try borrowing("int32", version: 3, package: "q")).isEmpty)
    }

    /// Goal: a message that becomes local, or is borrowed from now on, is the same.
    @Test func movedMessages() throws {
        let local = try SchemaDocument(
            .protobuf, "message M { optional N n = 1; } message N { optional int32 a = 1; }")
        let borrowed = try borrowing("int32", version: 1)
        #expect(local.incompatibilities(readingDataOf: borrowed).isEmpty)
        #expect(
            borrowed.incompatibilities(readingDataOf: local).map(\.type) == ["MESSAGE_REMOVED"])
    }

    /// Method: borrowed messages in a chain and in a circle. The comparison must end.
    @Test func longChainsOfBorrowedMessages() throws {
        func chain(_ type: String) throws -> SchemaDocument {
            let count = 1_000
            let messages = (0..<count).map {
                "message N\($0) { optional N\($0 + 1) n = 1; optional N0 first = 2; }"
            }.joined(separator: "\n")
            return try SchemaDocument(
                kind: .protobuf, text: "import \"n.proto\"; message M { optional N0 n = 1; }",
                references: SchemaReferences(
                    [],
                    texts: ["n.proto": messages + " message N\(count) { optional \(type) a = 1; }"])
            )
        }
        let old = try chain("int32")
        #expect(try chain("int64").incompatibilities(readingDataOf: old).isEmpty)
        let found = try chain("string").incompatibilities(readingDataOf: old)
        #expect(found.contains { $0.type == "FIELD_SCALAR_KIND_CHANGED" && $0.path == "#/N1000/1" })
    }

    @Test func sentence() throws {
        let found = try SchemaDocument(.protobuf, Self.fields[6].reader).incompatibilities(
            readingDataOf: try SchemaDocument(.protobuf, Self.fields[6].writer))
        #expect(
            found.map { $0.message(reader: "new", writer: "old") } == [
                #"{errorType:"FIELD_SCALAR_KIND_CHANGED", description:"The kind of a SCALAR field at path '#/M/1' in the new schema does not match its kind in the old schema"}"#
            ])
    }
}
