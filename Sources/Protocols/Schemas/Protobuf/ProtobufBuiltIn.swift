// Files that every Protobuf schema may import without a reference.
// Source: Confluent's ProtobufSchema.java, the list of known dependencies.

enum ProtobufBuiltIn {
    /// By import path. A text of ours that cannot be read is a mistake that `builtInFiles` finds.
    static let files: [String: ProtobufFile] = {
        var files: [String: ProtobufFile] = [:]
        for (path, text) in [google, types, descriptor, confluent].joined() {
            files[path] = try? ProtobufParser.parse(text)
        }
        return files
    }()

    /// Their types and extensions.
    static let names: ProtobufNames = {
        var names = ProtobufNames()
        for file in files.values { names.add(file, reference: nil) }
        for file in files.values { names.addExtensions(file) }
        return names
    }()

    private static let confluent: [String: String] = [
        "confluent/meta.proto": #"""
        syntax = "proto3"; package confluent;
        import "google/protobuf/descriptor.proto";
        message Meta { string doc = 1; map<string, string> params = 2;
        repeated string tags = 3; }
        extend google.protobuf.FileOptions { Meta file_meta = 1088; }
        extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
        extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
        extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
        extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }
        """#,
        "confluent/type/decimal.proto": #"""
        syntax = "proto3"; package confluent.type;
        message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }
        """#,
    ]
}
