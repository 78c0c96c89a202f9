// Tags of Protobuf schemas: found in every form that they are written in, and changed.

import MillraceSchemas
import Testing

@Suite struct ProtobufTagsTests {
    private static let text = """
        syntax = "proto3";

        message A {
          option (confluent.message_meta) = { doc: "d", tags: ["R"] };
          string a = 1 [(confluent.field_meta).tags = "X", deprecated = true];
          oneof choice {
            string b = 2 [(.confluent.field_meta) = { tags: ["Y", "Z"] }];
          }
          message B {
            int32 c = 1;
          }
        }
        """

    private func places(_ text: String) throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        _ = try ProtobufTags.rewritten(text) { place, tags in
            found[place.path] = tags
            return tags
        }
        return found
    }

    @Test func everyFormIsFound() throws {
        #expect(
            try places(Self.text)
                == ["A": ["R"], "A.a": ["X"], "A.b": ["Y", "Z"], "A.B": [], "A.B.c": []])
    }

    /// Method: one change at each place; the rest of the options stays, and the text parses.
    @Test(arguments: ["A", "A.a", "A.b", "A.B", "A.B.c"])
    func onePlaceChanges(path: String) throws {
        var expected = try places(Self.text)
        for tags in [["NEW", "X"], []] {
            let changed = try ProtobufTags.rewritten(Self.text) { $0.path == path ? tags : $1 }
            expected[path] = tags
            #expect(try places(changed) == expected)
            #expect(changed.contains("deprecated = true") && changed.contains("doc: \"d\""))
            _ = try SchemaDocument(.protobuf, changed)
        }
    }

    @Test func whatIsNoTextIsRefused() {
        #expect(throws: SchemaError.self) { try ProtobufTags.rewritten("message {") { $1 } }
    }
}
