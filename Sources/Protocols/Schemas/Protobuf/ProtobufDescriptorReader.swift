// A binary FileDescriptorProto read into the values of a .proto file.
// Source: google/protobuf/descriptor.proto; Confluent's ProtobufSchema.toProtoFile.

struct ProtobufDescriptorReader {
    private let codec: ProtobufOptionCodec
    private var isProto3 = false

    /// - Parameter names: of what the file imports, for options that are declared there.
    static func file(of bytes: [UInt8], knowing names: ProtobufNames)
        throws(SchemaError) -> ProtobufFile
    {
        var reader = ProtobufDescriptorReader(names)
        return try reader.file(try ProtobufWireReader.fields(of: bytes))
    }

    private init(_ names: ProtobufNames) { codec = ProtobufOptionCodec(names: names) }

    private mutating func file(_ fields: [ProtobufWireField]) throws(SchemaError) -> ProtobufFile {
        var file = ProtobufFile()
        let syntax = fields.last { $0.number == 12 }?.string
        let edition = fields.last { $0.number == 14 }?.int
        switch syntax {
        case "proto3": file.syntax = .proto3
        case "proto2": file.syntax = .proto2
        case "editions":
            guard let year = ProtobufLimits.editions.first(where: { $0.value == edition })?.key
            else { throw SchemaError("has an unknown edition; 2023 and 2024 are known") }
            file.syntax = .edition(year)
        case nil, "": break
        case .some: throw SchemaError("has an unknown syntax; proto2 and proto3 are known")
        }
        isProto3 = file.isProto3
        guard fields.contains(where: { [1, 4, 5].contains($0.number) }) else {
            throw SchemaError("is no Protobuf descriptor: it has no name and no types")
        }
        for field in fields {
            switch field.number {
            case 2: file.package = field.string.isEmpty ? nil : field.string
            case 4: file.types.append(.message(try message(field.bytes, depth: 0)))
            case 5: file.types.append(.enumeration(try enumeration(field.bytes)))
            case 6: file.services.append(try service(field.bytes))
            case 7: try add(field.bytes, to: &file.extends)
            case 8: file.options = try options(field, "FileOptions")
            default: break  // Imports follow; places in the source do not matter.
            }
        }
        // Messages come first, as in a file's text.
        file.types = file.types.filter(\.isMessage) + file.types.filter { !$0.isMessage }
        try readImports(fields, into: &file)
        return file
    }

    private func readImports(_ fields: [ProtobufWireField], into file: inout ProtobufFile)
        throws(SchemaError)
    {
        var special: [Int: Set<Int>] = [:]
        for field in fields where field.number == 10 || field.number == 11 {
            special[field.number, default: []].formUnion(try ProtobufWireReader.integers(field))
        }
        for (index, path) in fields.filter({ $0.number == 3 }).map(\.string).enumerated() {
            if special[10]?.contains(index) == true {
                file.publicImports.append(path)
            } else if special[11]?.contains(index) == true {
                file.weakImports.append(path)
            } else {
                file.imports.append(path)
            }
        }
    }

    private func options(_ field: ProtobufWireField, _ kind: String) throws(SchemaError)
        -> [ProtobufOption]
    {
        try codec.options(of: field.bytes, as: "google.protobuf.\(kind)")
    }
}

extension ProtobufType {
    fileprivate var isMessage: Bool { if case .message = self { true } else { false } }
}

// MARK: - Messages

extension ProtobufDescriptorReader {
    /// A field with what only descriptors say of it.
    private struct Field {
        var field: ProtobufField
        var extendee: String?
        var oneof: Int?
        var isGroup = false
    }

    private func message(_ bytes: [UInt8], depth: Int) throws(SchemaError) -> ProtobufMessage {
        guard depth < ProtobufLimits.wireDepthMax else {
            throw SchemaError("is no Protobuf descriptor: its messages are too deep")
        }
        var message = ProtobufMessage(name: "")
        var fields: [Field] = []
        var nested: [ProtobufMessage] = []
        var enums: [ProtobufEnum] = []
        for item in try ProtobufWireReader.fields(of: bytes) {
            switch item.number {
            case 1: message.name = item.string
            case 2: fields.append(try field(item.bytes))
            case 3: nested.append(try self.message(item.bytes, depth: depth + 1))
            case 4: enums.append(try enumeration(item.bytes))
            case 5: message.extensions.append(try extensions(item.bytes))
            case 6: try add(item.bytes, to: &message.extends)
            case 7: message.options = try options(item, "MessageOptions")
            case 8: message.oneofs.append(try oneof(item.bytes))
            case 9: message.reserved.append([.numbers(try range(item.bytes, pastEnd: 1))])
            case 10: message.reserved.append([.name(item.string)])
            default: break  // Newer attributes have no place in a text.
            }
        }
        for field in fields { Self.place(field, in: &message, nested: &nested) }
        message.oneofs.removeAll { $0.fields.isEmpty && $0.groups.isEmpty }
        message.types = nested.map { .message($0) } + enums.map { .enumeration($0) }
        return message
    }

    private static func place(
        _ field: Field, in message: inout ProtobufMessage, nested: inout [ProtobufMessage]
    ) {
        let oneof = field.oneof.flatMap { message.oneofs.indices.contains($0) ? $0 : nil }
        if field.isGroup, case .name(let name) = field.field.type,
            let index = nested.firstIndex(where: { name.hasSuffix(".\($0.name)") })
        {
            let group = ProtobufGroup(
                label: oneof == nil ? field.field.label : nil, number: field.field.number,
                options: field.field.options, body: nested.remove(at: index))
            if let oneof {
                message.oneofs[oneof].groups.append(group)
            } else {
                message.groups.append(group)
            }
        } else if let oneof {
            var field = field.field
            field.label = nil
            message.oneofs[oneof].fields.append(field)
        } else {
            message.fields.append(field.field)
        }
    }

    private func field(_ bytes: [UInt8]) throws(SchemaError) -> Field {
        var result = Field(field: ProtobufField(type: .name(""), name: "", number: 0))
        var typeName: String?
        var kind = 0
        var label = 1
        var isOptional = false
        for item in try ProtobufWireReader.fields(of: bytes) {
            switch item.number {
            case 1: result.field.name = item.string
            case 2: result.extendee = item.string
            case 3: result.field.number = item.int
            case 4: label = item.int
            case 5: kind = item.int
            case 6: typeName = item.string
            case 7: result.field.defaultValue = isProto3 ? nil : item.string
            case 8: result.field.options = try options(item, "FieldOptions")
            case 9: result.oneof = item.int
            case 10: result.field.jsonName = item.string
            case 17: isOptional = item.isTrue
            default: break  // Newer attributes have no place in a text.
            }
        }
        result.isGroup = kind == 10
        if isOptional { result.oneof = nil }
        switch label {
        case 2: result.field.label = isProto3 ? nil : .required
        case 3: result.field.label = .repeated
        default: result.field.label = isProto3 && !isOptional ? nil : .optional
        }
        let scalar = ProtobufScalar.allCases.first { $0.number == kind }
        guard let type = typeName ?? scalar?.rawValue else {
            throw SchemaError("is no Protobuf descriptor: a field without a type")
        }
        result.field.type = .name(type)
        return result
    }

    private func oneof(_ bytes: [UInt8]) throws(SchemaError) -> ProtobufOneof {
        var oneof = ProtobufOneof(name: "")
        for item in try ProtobufWireReader.fields(of: bytes) {
            if item.number == 1 { oneof.name = item.string }
            if item.number == 2 { oneof.options = try options(item, "OneofOptions") }
        }
        return oneof
    }

    private func range(_ bytes: [UInt8], pastEnd: Int) throws(SchemaError) -> ClosedRange<Int> {
        let fields = try ProtobufWireReader.fields(of: bytes)
        let start = fields.last { $0.number == 1 }?.int ?? 0
        let end = (fields.last { $0.number == 2 }?.int ?? 0) &- pastEnd
        guard start <= end else {
            throw SchemaError("is no Protobuf descriptor: a range ends before it starts")
        }
        return start...end
    }

    private func extensions(_ bytes: [UInt8]) throws(SchemaError) -> ProtobufExtensions {
        let fields = try ProtobufWireReader.fields(of: bytes)
        var extensions = ProtobufExtensions(ranges: [try range(bytes, pastEnd: 1)])
        if let item = fields.last(where: { $0.number == 3 }) {
            extensions.options = try options(item, "ExtensionRangeOptions")
        }
        return extensions
    }

    /// Extensions of the same message stand together.
    private func add(_ bytes: [UInt8], to extends: inout [ProtobufExtend]) throws(SchemaError) {
        let field = try field(bytes)
        let extendee = field.extendee ?? ""
        if let index = extends.firstIndex(where: { $0.name == extendee }) {
            extends[index].fields.append(field.field)
        } else {
            extends.append(ProtobufExtend(name: extendee, fields: [field.field]))
        }
    }
}

// MARK: - Enums and services

extension ProtobufDescriptorReader {
    private func enumeration(_ bytes: [UInt8]) throws(SchemaError) -> ProtobufEnum {
        var enumeration = ProtobufEnum(name: "")
        for item in try ProtobufWireReader.fields(of: bytes) {
            switch item.number {
            case 1: enumeration.name = item.string
            case 2: enumeration.constants.append(try constant(item.bytes))
            case 3: enumeration.options = try options(item, "EnumOptions")
            case 4: enumeration.reserved.append([.numbers(try range(item.bytes, pastEnd: 0))])
            case 5: enumeration.reserved.append([.name(item.string)])
            default: break  // Newer attributes have no place in a text.
            }
        }
        return enumeration
    }

    private func constant(_ bytes: [UInt8]) throws(SchemaError) -> ProtobufConstant {
        var constant = ProtobufConstant(name: "", number: 0)
        for item in try ProtobufWireReader.fields(of: bytes) {
            if item.number == 1 { constant.name = item.string }
            if item.number == 2 { constant.number = item.int }
            if item.number == 3 { constant.options = try options(item, "EnumValueOptions") }
        }
        return constant
    }

    private func service(_ bytes: [UInt8]) throws(SchemaError) -> ProtobufService {
        var service = ProtobufService(name: "")
        for item in try ProtobufWireReader.fields(of: bytes) {
            if item.number == 1 { service.name = item.string }
            if item.number == 2 { service.methods.append(try method(item.bytes)) }
            if item.number == 3 { service.options = try options(item, "ServiceOptions") }
        }
        return service
    }

    private func method(_ bytes: [UInt8]) throws(SchemaError) -> ProtobufMethod {
        var method = ProtobufMethod(name: "", request: "", response: "")
        for item in try ProtobufWireReader.fields(of: bytes) {
            switch item.number {
            case 1: method.name = item.string
            case 2: method.request = item.string
            case 3: method.response = item.string
            case 4: method.options = try options(item, "MethodOptions")
            case 5: method.isRequestStream = item.isTrue
            case 6: method.isResponseStream = item.isTrue
            default: break  // Newer attributes have no place in a text.
            }
        }
        return method
    }
}
