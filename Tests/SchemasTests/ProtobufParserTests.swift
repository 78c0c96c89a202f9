// What is a .proto file and what is not, and how it is written down again.

import MillraceSchemas
import Testing

@Suite struct ProtobufParserTests {
    static let good = [
        #"syntax = "proto3";"#, "message A {}", #"edition = "2023"; message A { string a = 1; }"#,
        "message A { optional string message = 1; optional int32 optional = 2; }",
        #"syntax = "proto3"; message A { string a = 01; int32 b = 0x2; reserved 5 to max; }"#,
        #"syntax = "proto3"; message A { map<string, A> m = 1; oneof o { A a = 2; int32 b = 3; } }"#,
        "message A { extensions 100 to max; message N { extend A { optional N n = 100; } } }",
        "message A { repeated group G = 1 { optional string s = 1; } }",
        "enum E { option allow_alias = true; A = -1; B = -1; reserved 5, 7 to 9; }",
        #"syntax = "proto3"; import "google/protobuf/any.proto"; message A { google.protobuf.Any a = 1; }"#,
        #"syntax = "proto3"; import "google/type/money.proto"; message A { google.type.Money a = 1; }"#,
        #"syntax = "proto3"; import "confluent/type/decimal.proto"; message A { confluent.type.Decimal d = 1; }"#,
        "message A {} service S { rpc R (stream A) returns (stream .A) { option deprecated = true; } }",
        #"syntax = "proto3"; package a.b; message M {} message N { b.M x = 1; .a.b.M y = 2; M z = 3; }"#,
        "message A { optional E e = 1 [default = Y]; enum E { X = 1; Y = 2; } }",
        #"message A { optional bytes b = 1 [default = "\x01\n"]; optional double d = 2 [default = -inf]; }"#,
    ]

    static let bad: [(String, String)] = [
        ("", "is empty"), (" \n", "is empty"), ("not a schema", "starts no statement"),
        ("message A", "\"{\" is missing"), ("message A {", "a name is missing"),
        (#"syntax = "proto4";"#, "unknown syntax"), (#"edition = "2099";"#, "unknown edition"),
        ("message A { string a = 1 }", "\";\" is missing"),
        ("message A { optional Foo a = 1; }", "A.a: the type \"Foo\" is not defined"),
        ("message A { optional int32 a = 1; optional int32 b = 1; }", "is that of \"a\" too"),
        ("message A { optional int32 a = 1; optional int32 a = 2; }", "\"a\" is there twice"),
        ("message A {} message A {}", "\"A\" is there twice"),
        ("message A { reserved 1; optional int32 a = 1; }", "the number 1 is reserved"),
        (#"message A { reserved "a"; optional int32 a = 1; }"#, "the name is reserved"),
        ("message A { optional int32 a = 0; }", "out of range"),
        ("message A { optional int32 a = 19500; }", "Protobuf's own"),
        ("message A { optional int32 a = 536870912; }", "out of range"),
        ("message A { extensions 5 to 9; optional int32 a = 6; }", "kept for extensions"),
        ("message A {} extend A { optional int32 x = 1; }", "has no extension 1"),
        (#"syntax = "proto3"; message A { required int32 a = 1; }"#, "no required fields"),
        (#"syntax = "proto3"; enum E { A = 1; }"#, "is 0 in proto3"),
        ("enum E { A = 0; B = 0; }", "is that of \"A\" too"), ("enum E {}", "needs a value"),
        ("enum A { X = 0; } enum B { X = 0; }", "\"X\" is there twice"),
        ("message A { oneof o {} }", "has no field"),
        ("message A { map<float, string> m = 1; }", "no type of a map's key"),
        ("message A { repeated map<int32, string> m = 1; }", "a map has no label"),
        (#"syntax = "proto3"; message A { int32 a = 1 [default = 2]; }"#, "no defaults"),
        (#"message A { optional int32 a = 1 [default = "x"]; }"#, "the default is no int32"),
        ("service S { rpc R (A) returns (A); }", "\"A\" is not defined"),
        ("message A { /* ", "a comment does not end"), ("option a = \"x", "does not end"),
    ]

    @Test(arguments: good) func isAccepted(_ text: String) throws {
        let document = try SchemaDocument(.protobuf, text)
        for normalized in [false, true] {
            let written = document.canonicalText(normalized: normalized)
            let again = try SchemaDocument(.protobuf, written)
            #expect(again.canonicalText(normalized: normalized) == written)
        }
    }

    @Test(arguments: bad) func isRefused(_ text: String, _ why: String) {
        let error = #expect(throws: SchemaError.self) { try SchemaDocument(.protobuf, text) }
        #expect(error?.description.contains(why) == true, "\(String(describing: error))")
    }

    static let whole = #"""
        // Everything once.
        syntax = "proto3";
        package a.b; import "google/protobuf/timestamp.proto"; option java_package = "x.y";
        message User {
          reserved 20 to 22, 30; reserved "old"; option deprecated = true;
          string id = 1 [deprecated = true, json_name = "ID"];
          optional int32 age = 3; repeated Kind kinds = 2 [packed = false];
          oneof which { google.protobuf.Timestamp at = 5; string by = 4; }
          message Inner { bytes raw = 1; message Deep {} Deep deep = 2; }
          enum Kind { NONE = 0; SOME = 1; }
          map<string, Inner> inners = 6;
        }
        service Users { rpc Get (User) returns (stream User.Inner); }
        """#

    /// Goal: Schema Registry's form, blank by blank: it is what ids are given by.
    @Test func canonicalText() throws {
        #expect(
            try SchemaDocument(.protobuf, Self.whole).canonicalText == #"""
                syntax = "proto3";
                package a.b;

                import "google/protobuf/timestamp.proto";

                option java_package = "x.y";

                message User {
                  reserved 20 to 22, 30;
                  reserved "old";

                  option deprecated = true;

                  string id = 1 [
                    deprecated = true,
                    json_name = "ID"
                  ];
                  optional int32 age = 3;
                  repeated Kind kinds = 2 [packed = false];
                  map<string, Inner> inners = 6;

                  oneof which {
                    google.protobuf.Timestamp at = 5;
                    string by = 4;
                  }

                  message Inner {
                    bytes raw = 1;
                    Deep deep = 2;
                  \#("")
                    message Deep {}
                  }
                  enum Kind {
                    NONE = 0;
                    SOME = 1;
                  }
                }

                service Users {
                  rpc Get (User) returns (stream User.Inner);
                }

                """#)
    }

    /// Goal: what has no meaning is in order, and types have their full names.
    @Test func normalizedText() throws {
        let text = try SchemaDocument(.protobuf, Self.whole).canonicalText(normalized: true)
        for line in [
            "  reserved 20 to 22;\n  reserved 30;\n  reserved \"old\";\n",
            "  repeated .a.b.User.Kind kinds = 2 [packed = false];\n  optional int32 age = 3;\n",
            "  map<string, .a.b.User.Inner> inners = 6;\n",
            "    string by = 4;\n    .google.protobuf.Timestamp at = 5;\n",
            "  rpc Get (.a.b.User) returns (stream .a.b.User.Inner);\n",
        ] {
            #expect(text.contains(line), "\(line) is missing in \(text)")
        }
    }

    /// Goal: options keep their values, in all forms the text format has.
    @Test func options() throws {
        let text = #"""
            syntax = "proto3";
            import "google/protobuf/descriptor.proto";
            message Opt { string s = 1; repeated int32 n = 2; Opt o = 3; map<string, double> m = 4; }
            extend google.protobuf.FieldOptions { Opt opt = 50001; repeated bool on = 50002; }
            message A {
              string a = 1 [(opt) = { s: "q\"\n" 'x', n: [1, -2] o < s: 'i' > m { key: "k" value: 1.5 } }];
              string b = 2 [(opt).o.s = "deep", (on) = true, (on) = false];
            }
            """#
        let document = try SchemaDocument(.protobuf, text)
        #expect(
            document.canonicalText.contains(
                """
                  string a = 1 [(opt) = {
                    s: "q\\"\\nx",
                    n: [
                      1,
                      -2
                    ],
                    o: {
                      s: "i"
                    },
                    m: {
                      key: "k",
                      value: 1.5
                    }
                  }];
                  string b = 2 [
                    (opt).o.s = "deep",
                    (on) = true,
                    (on) = false
                  ];
                """))
    }

    @Test func formatIgnoreExtensions() throws {
        let document = try SchemaDocument(
            .protobuf,
            #"""
            syntax = "proto3";
            import "confluent/meta.proto";
            import "google/protobuf/descriptor.proto";
            extend google.protobuf.FieldOptions { string hint = 50001; }
            message A { option deprecated = true; string a = 1 [(hint) = "x", deprecated = true]; }
            """#)
        let text = document.text(format: "IGNORE_EXTENSIONS")
        #expect(
            text.hasSuffix(
                "\nmessage A {\n  option deprecated = true;\n\n  string a = 1 [deprecated = true];\n}\n"
            ))
        #expect(!text.contains("extend"))
        #expect(document.text(format: "unknown") == document.canonicalText)
    }

    /// Cut short at every byte, a text is refused or is a smaller file, and nothing breaks.
    @Test func cutShort() {
        for count in 0..<Self.whole.utf8.count {
            _ = try? SchemaDocument(.protobuf, String(Self.whole.prefix(count)))
        }
    }

    @Test func deepNestingIsRefused() {
        let text =
            String(repeating: "message A {", count: 200) + String(repeating: "}", count: 200)
        #expect(throws: SchemaError.self) { try SchemaDocument(.protobuf, text) }
    }

    static let user =
        #"syntax = "proto3"; import "other/address.proto"; message User { other.Address a = 1; }"#
    static let address =
        #"syntax = "proto3"; package other; import "city.proto"; message Address { City c = 1; }"#
    static let city = #"syntax = "proto3"; package other; enum City { NONE = 0; }"#

    @Test func references() throws {
        #expect(throws: SchemaError.self) { try SchemaDocument(.protobuf, Self.user) }
        let references = SchemaReferences(
            [SchemaReference(name: "other/address.proto", subject: "a", version: 1)],
            texts: ["other/address.proto": Self.address, "city.proto": Self.city])
        let document = try SchemaDocument(
            kind: .protobuf, text: Self.user, references: references)
        #expect(
            document.canonicalText(normalized: true).contains("  .other.Address a = 1;\n"))
        #expect(document.topLevelFields == ["a"])
        #expect(document.name == "User")
    }

    /// One type of each file that needs no reference.
    static let builtIn: [(path: String, type: String)] = [
        ("google/protobuf/any.proto", "Any"), ("google/protobuf/api.proto", "Api"),
        ("google/protobuf/descriptor.proto", "FieldOptions"),
        ("google/protobuf/duration.proto", "Duration"), ("google/protobuf/empty.proto", "Empty"),
        ("google/protobuf/field_mask.proto", "FieldMask"),
        ("google/protobuf/source_context.proto", "SourceContext"),
        ("google/protobuf/struct.proto", "Struct"),
        ("google/protobuf/timestamp.proto", "Timestamp"), ("google/protobuf/type.proto", "Enum"),
        ("google/protobuf/wrappers.proto", "Int32Value"),
        ("google/type/calendar_period.proto", "CalendarPeriod"),
        ("google/type/color.proto", "Color"), ("google/type/date.proto", "Date"),
        ("google/type/datetime.proto", "DateTime"), ("google/type/dayofweek.proto", "DayOfWeek"),
        ("google/type/decimal.proto", "Decimal"), ("google/type/expr.proto", "Expr"),
        ("google/type/fraction.proto", "Fraction"), ("google/type/interval.proto", "Interval"),
        ("google/type/latlng.proto", "LatLng"), ("google/type/money.proto", "Money"),
        ("google/type/month.proto", "Month"), ("google/type/phone_number.proto", "PhoneNumber"),
        ("google/type/postal_address.proto", "PostalAddress"),
        ("google/type/quaternion.proto", "Quaternion"),
        ("google/type/timeofday.proto", "TimeOfDay"), ("confluent/meta.proto", "Meta"),
        ("confluent/type/decimal.proto", "Decimal"),
    ]

    @Test(arguments: builtIn) func builtInFiles(_ path: String, _ type: String) throws {
        let package = path.split(separator: "/").dropLast().joined(separator: ".")
        let text = "import \"\(path)\"; message A { optional \(package).\(type) a = 1; }"
        _ = try SchemaDocument(.protobuf, text)
        #expect(throws: SchemaError.self) {
            try SchemaDocument(.protobuf, text.replacing("import \"\(path)\";", with: ""))
        }
    }

    @Test func messageIndexes() throws {
        let document = try SchemaDocument(.protobuf, Self.whole)
        #expect(document.messageIndexes(of: "a.b.User") == [0])
        #expect(document.messageIndexes(of: "a.b.User.Inner.Deep") == [0, 0, 0])
        #expect(document.messageIndexes(of: "a.b.User.Kind") == nil)
        #expect(document.messageName(at: [0, 0, 0]) == "a.b.User.Inner.Deep")
        #expect(document.messageName(at: [1]) == nil)
        #expect(document.messageName(at: []) == nil)
        let two = try SchemaDocument(.protobuf, "enum E { A = 0; } message X {} message Y {}")
        #expect(two.messageIndexes(of: "Y") == [1])
    }
}
