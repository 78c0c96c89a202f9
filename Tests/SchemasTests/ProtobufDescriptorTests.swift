// Protobuf schemas as binary descriptors in base 64. The bytes are protoc's (libprotoc 32).

import MillraceSchemas
import Testing

@Suite struct ProtobufDescriptorTests {
    static let text = #"""
        syntax = "proto3";
        package p;
        message A {
          string id = 1 [deprecated = true];
          optional int32 n = 2;
          map<string, B> m = 3;
          oneof o { B b = 4; E e = 5; }
          message B { repeated double d = 1; }
          reserved 10 to 12, 14; reserved "x";
        }
        enum E { NONE = 0; NEG = -1; }
        """#

    static let protoc =
        "CgdhLnByb3RvEgFwIr8BCgFBEg4KAmlkGAEgASgJQgIYARIOCgFuGAIgASgFSAGIAQESFgoBbRgDIAMo"
        + "CzILLnAuQS5NRW50cnkSEwoBYhgEIAEoCzIGLnAuQS5CSAASEQoBZRgFIAEoDjIELnAuRUgAGjAKBk1F"
        + "bnRyeRILCgNrZXkYASABKAkSFQoFdmFsdWUYAiABKAsyBi5wLkEuQjoCOAEaDgoBQhIJCgFkGAEgAygB"
        + "QgMKAW9CBAoCX25KBAgKEA1KBAgOEA9SAXgqHwoBRRIICgROT05FEAASEAoDTkVHEP///////////wFi"
        + "BnByb3RvMw=="

    /// Goal: the same file as protoc's, so that a client can use it. The order of nested messages
    /// is protoc's, and so is the order of fields.
    @Test func isReadAsTheText() throws {
        let read = try SchemaDocument(.protobuf, Self.protoc)
        let written = try SchemaDocument(.protobuf, Self.text)
        #expect(read.canonicalText(normalized: true) == written.canonicalText(normalized: true))
        #expect(read.incompatibilities(readingDataOf: written).isEmpty)
        #expect(written.incompatibilities(readingDataOf: read).isEmpty)
        #expect(
            read.canonicalText.contains(
                "  message MEntry {\n    option map_entry = true;\n  \n    string key = 1;\n"))
    }

    @Test func isWrittenAndReadAgain() throws {
        for text in [Self.text, Self.protoc] {
            let document = try SchemaDocument(.protobuf, text)
            let again = try SchemaDocument(.protobuf, document.text(format: "serialized"))
            #expect(
                again.canonicalText(normalized: true) == document.canonicalText(normalized: true))
        }
    }

    /// Goal: bytes that python-protobuf was seen to read as protoc's file, but for its name.
    @Test func bytes() throws {
        let document = try SchemaDocument(.protobuf, Self.text)
        #expect(
            document.text(format: "serialized")
                == "CgdkZWZhdWx0EgFwIr8BCgFBEg4KAmlkGAEgASgJQgIYARIOCgFuGAIgASgFSAGIAQESFgoBbRgDIAMo"
                + "CzILLnAuQS5NRW50cnkSEwoBYhgEIAEoCzIGLnAuQS5CSAASEQoBZRgFIAEoDjIELnAuRUgAGg4KAUIS"
                + "CQoBZBgBIAMoARowCgZNRW50cnkSCwoDa2V5GAEgASgJEhUKBXZhbHVlGAIgASgLMgYucC5BLkI6AjgB"
                + "QgMKAW9CBAoCX25KBAgKEA1KBAgOEA9SAXgqHwoBRRIICgROT05FEAASEAoDTkVHEP///////////wFi"
                + "BnByb3RvMw==")
    }

    @Test(arguments: ["AAAA", "####", "Zm9v", "CgV4LnByb3RvIv8=", "A////w=="])
    func isRefused(_ text: String) {
        #expect(throws: SchemaError.self) { try SchemaDocument(.protobuf, text) }
    }

    /// Method: cut and change a good descriptor at every byte. Nothing may break.
    @Test func damagedBytes() {
        let digits = Array(Self.protoc)
        for index in digits.indices {
            _ = try? SchemaDocument(.protobuf, String(digits.prefix(index)))
            var changed = digits
            changed[index] = changed[index] == "/" ? "A" : "/"
            _ = try? SchemaDocument(.protobuf, String(changed))
        }
    }
}
