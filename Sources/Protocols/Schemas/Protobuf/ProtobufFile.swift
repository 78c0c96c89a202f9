// A .proto file as values. Source: protobuf.dev, language specifications of proto2, proto3 and
// editions.

enum ProtobufSyntax: Sendable, Equatable {
    case proto2
    case proto3
    /// The year: "2023".
    case edition(String)
}

struct ProtobufFile: Sendable, Equatable {
    /// `nil` when the file names none; it is proto2 then.
    var syntax: ProtobufSyntax?
    var package: String?
    var imports: [String] = []
    var publicImports: [String] = []
    var weakImports: [String] = []
    var types: [ProtobufType] = []
    var services: [ProtobufService] = []
    var extends: [ProtobufExtend] = []
    var options: [ProtobufOption] = []

    var isProto3: Bool { syntax == .proto3 }
}

enum ProtobufType: Sendable, Equatable {
    case message(ProtobufMessage)
    case enumeration(ProtobufEnum)

    var name: String {
        switch self {
        case .message(let message): message.name
        case .enumeration(let enumeration): enumeration.name
        }
    }
}

struct ProtobufMessage: Sendable, Equatable {
    var name: String
    var types: [ProtobufType] = []
    var options: [ProtobufOption] = []
    /// One entry for each statement.
    var reserved: [[ProtobufReserved]] = []
    var fields: [ProtobufField] = []
    var oneofs: [ProtobufOneof] = []
    var groups: [ProtobufGroup] = []
    var extensions: [ProtobufExtensions] = []
    var extends: [ProtobufExtend] = []

    var messages: [ProtobufMessage] {
        types.compactMap { if case .message(let message) = $0 { message } else { nil } }
    }

    var enumerations: [ProtobufEnum] {
        types.compactMap { if case .enumeration(let item) = $0 { item } else { nil } }
    }

    /// Those of its oneofs too.
    var allFields: [ProtobufField] { fields + oneofs.flatMap(\.fields) }
    var allGroups: [ProtobufGroup] { groups + oneofs.flatMap(\.groups) }

    /// A message that a compiler made for a map field.
    var isMapEntry: Bool {
        options.contains { $0.name == "map_entry" && !$0.isCustom && $0.value == .boolean(true) }
    }

    /// What the map holds that this entry was made for.
    var mapType: ProtobufFieldType? {
        guard isMapEntry, case .name(let key) = fields.first(where: { $0.name == "key" })?.type,
            case .name(let value) = fields.first(where: { $0.name == "value" })?.type
        else { return nil }
        return .map(key: key, value: value)
    }
}

enum ProtobufLabel: String, Sendable {
    case required, optional, repeated
}

enum ProtobufFieldType: Sendable, Equatable {
    /// A scalar, or a message or enum as it was written, perhaps with a leading dot.
    case name(String)
    case map(key: String, value: String)

    var text: String {
        switch self {
        case .name(let name): name
        case .map(let key, let value): "map<\(key), \(value)>"
        }
    }
}

struct ProtobufField: Sendable, Equatable {
    var label: ProtobufLabel?
    var type: ProtobufFieldType
    var name: String
    var number: Int
    /// As a text without quotes.
    var defaultValue: String?
    var jsonName: String?
    var options: [ProtobufOption] = []
}

struct ProtobufOneof: Sendable, Equatable {
    var name: String
    var fields: [ProtobufField] = []
    var groups: [ProtobufGroup] = []
    var options: [ProtobufOption] = []
}

/// A field whose message is declared in place, of proto2.
struct ProtobufGroup: Sendable, Equatable {
    var label: ProtobufLabel?
    var number: Int
    var options: [ProtobufOption] = []
    /// Its name is the type's; the field's is the same in small letters.
    var body: ProtobufMessage
}

enum ProtobufReserved: Sendable, Equatable {
    case name(String)
    case numbers(ClosedRange<Int>)
}

struct ProtobufExtensions: Sendable, Equatable {
    var ranges: [ClosedRange<Int>]
    var options: [ProtobufOption] = []
}

struct ProtobufExtend: Sendable, Equatable {
    /// The message that is extended.
    var name: String
    var fields: [ProtobufField] = []
    var groups: [ProtobufGroup] = []
}

struct ProtobufEnum: Sendable, Equatable {
    var name: String
    var options: [ProtobufOption] = []
    var constants: [ProtobufConstant] = []
    var reserved: [[ProtobufReserved]] = []
}

struct ProtobufConstant: Sendable, Equatable {
    var name: String
    var number: Int
    var options: [ProtobufOption] = []
}

struct ProtobufService: Sendable, Equatable {
    var name: String
    var options: [ProtobufOption] = []
    var methods: [ProtobufMethod] = []
}

struct ProtobufMethod: Sendable, Equatable {
    var name: String
    var request: String
    var response: String
    var isRequestStream = false
    var isResponseStream = false
    var options: [ProtobufOption] = []
}

struct ProtobufOption: Sendable, Equatable {
    var name: String
    /// Written in parentheses: an extension's name.
    var isCustom = false
    var value: ProtobufOptionValue
}

indirect enum ProtobufOptionValue: Sendable, Equatable {
    case string(String)
    case boolean(Bool)
    /// As it was written.
    case number(String)
    /// The name of an enum's constant.
    case constant(String)
    /// `(name).inner = …`.
    case inner(ProtobufOption)
    /// `{ key: value }`; names of extensions keep their brackets.
    case map([ProtobufMember])
    case list([ProtobufOptionValue])
}

struct ProtobufMember: Sendable, Equatable {
    var key: String
    var value: ProtobufOptionValue
}

enum ProtobufScalar: String, Sendable, CaseIterable {
    case double, float, int32, int64, uint32, uint64, sint32, sint64, fixed32, fixed64, sfixed32
    case sfixed64, bool, string, bytes
}
