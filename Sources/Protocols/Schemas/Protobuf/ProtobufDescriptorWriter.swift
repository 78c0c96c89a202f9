// A Protobuf schema as a binary FileDescriptorProto. Source: google/protobuf/descriptor.proto.

struct ProtobufDescriptorWriter {
    private let names: ProtobufNames
    private let codec: ProtobufOptionCodec
    private let isProto3: Bool

    static func bytes(of document: ProtobufDocument, named name: String) -> [UInt8] {
        let writer = ProtobufDescriptorWriter(document)
        return writer.file(document.file, named: name)
    }

    private init(_ document: ProtobufDocument) {
        names = document.names
        codec = ProtobufOptionCodec(names: document.names)
        isProto3 = document.file.isProto3
    }

    private func file(_ file: ProtobufFile, named name: String) -> [UInt8] {
        let scope = file.package ?? ""
        var out = ProtobufWireWriter()
        out.string(1, name)
        if let package = file.package { out.string(2, package) }
        let imports = file.allImports
        for path in imports { out.string(3, path) }
        for case .message(let message) in file.types { out.bytes(4, self.message(message, scope)) }
        for case .enumeration(let item) in file.types { out.bytes(5, enumeration(item, scope)) }
        for service in file.services { out.bytes(6, self.service(service, scope)) }
        for extend in file.extends {
            for bytes in fields(of: extend, scope) { out.bytes(7, bytes) }
        }
        options(file.options, "FileOptions", 8, scope, &out)
        for (index, path) in imports.enumerated() where file.publicImports.contains(path) {
            out.int(10, index)
        }
        for (index, path) in imports.enumerated() where file.weakImports.contains(path) {
            out.int(11, index)
        }
        switch file.syntax {
        case .proto3: out.string(12, "proto3")
        case .edition(let year):
            out.string(12, "editions")
            out.int(14, ProtobufLimits.editions[year] ?? 0)
        case .proto2, nil: break
        }
        return out.bytes
    }

    private func options(
        _ options: [ProtobufOption], _ kind: String, _ number: Int, _ scope: String,
        _ out: inout ProtobufWireWriter
    ) {
        guard !options.isEmpty else { return }
        out.bytes(number, codec.bytes(of: options, as: "google.protobuf.\(kind)", in: scope))
    }

    // MARK: - Messages

    private func message(_ message: ProtobufMessage, _ outer: String) -> [UInt8] {
        let scope = ProtobufNames.joined(outer, message.name)
        var out = ProtobufWireWriter()
        out.string(1, message.name)
        for bytes in fields(of: message, scope) { out.bytes(2, bytes) }
        for inner in message.messages { out.bytes(3, self.message(inner, scope)) }
        for group in message.allGroups { out.bytes(3, self.message(group.body, scope)) }
        for field in message.allFields {
            guard case .map(let key, let value) = field.type else { continue }
            out.bytes(3, self.message(Self.entry(field, key: key, value: value), scope))
        }
        for inner in message.enumerations { out.bytes(4, enumeration(inner, scope)) }
        for extensions in message.extensions {
            for range in extensions.ranges {
                var inner = ProtobufWireWriter()
                inner.int(1, range.lowerBound)
                inner.int(2, range.upperBound + 1)
                options(extensions.options, "ExtensionRangeOptions", 3, scope, &inner)
                out.bytes(5, inner.bytes)
            }
        }
        for extend in message.extends {
            for bytes in fields(of: extend, scope) { out.bytes(6, bytes) }
        }
        options(message.options, "MessageOptions", 7, scope, &out)
        for oneof in message.oneofs { out.bytes(8, self.oneof(oneof.name, oneof.options, scope)) }
        for field in syntheticOneofs(of: message) {
            out.bytes(8, oneof("_" + field.name, [], scope))
        }
        reserved(message.reserved, ranges: 9, names: 10, pastEnd: 1, &out)
        return out.bytes
    }

    private func oneof(_ name: String, _ options: [ProtobufOption], _ scope: String) -> [UInt8] {
        var out = ProtobufWireWriter()
        out.string(1, name)
        self.options(options, "OneofOptions", 2, scope, &out)
        return out.bytes
    }

    /// Fields that are `optional` in proto3: each is alone in a oneof of its own.
    private func syntheticOneofs(of message: ProtobufMessage) -> [ProtobufField] {
        isProto3 ? message.fields.filter { $0.label == .optional } : []
    }

    private func reserved(
        _ statements: [[ProtobufReserved]], ranges: Int, names: Int, pastEnd: Int,
        _ out: inout ProtobufWireWriter
    ) {
        for case .numbers(let range) in statements.joined() {
            var inner = ProtobufWireWriter()
            inner.int(1, range.lowerBound)
            inner.int(2, range.upperBound + pastEnd)
            out.bytes(ranges, inner.bytes)
        }
        for case .name(let name) in statements.joined() { out.string(names, name) }
    }

    /// `map<K, V> some_name` needs a message `SomeNameEntry`.
    private static func entry(_ field: ProtobufField, key: String, value: String)
        -> ProtobufMessage
    {
        var message = ProtobufMessage(name: entryName(field.name))
        message.fields = [
            ProtobufField(label: nil, type: .name(key), name: "key", number: 1),
            ProtobufField(label: nil, type: .name(value), name: "value", number: 2),
        ]
        message.options = [ProtobufOption(name: "map_entry", value: .boolean(true))]
        return message
    }

    private static func entryName(_ name: String) -> String {
        name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
            + "Entry"
    }

    // MARK: - Fields

    private func fields(of message: ProtobufMessage, _ scope: String) -> [[UInt8]] {
        var all: [(number: Int, bytes: [UInt8])] = []
        let alone = syntheticOneofs(of: message).map(\.name)
        for field in message.fields {
            let index =
                isProto3 && field.label == .optional
                ? alone.firstIndex(of: field.name).map { message.oneofs.count + $0 } : nil
            all.append((field.number, self.field(field, scope, oneof: index)))
        }
        for group in message.groups { all.append((group.number, self.group(group, scope))) }
        for (index, oneof) in message.oneofs.enumerated() {
            for field in oneof.fields {
                all.append((field.number, self.field(field, scope, oneof: index)))
            }
            for group in oneof.groups {
                all.append((group.number, self.group(group, scope, oneof: index)))
            }
        }
        return all.sorted { $0.number < $1.number }.map(\.bytes)
    }

    private func fields(of extend: ProtobufExtend, _ scope: String) -> [[UInt8]] {
        let extendee = names.normalName(extend.name, in: scope)
        return extend.fields.map { field($0, scope, extendee: extendee) }
            + extend.groups.map { group($0, scope, extendee: extendee) }
    }

    private func group(
        _ group: ProtobufGroup, _ scope: String, oneof: Int? = nil, extendee: String? = nil
    ) -> [UInt8] {
        let field = ProtobufField(
            label: group.label, type: .name(group.body.name), name: group.body.name.lowercased(),
            number: group.number, options: group.options)
        return self.field(field, scope, oneof: oneof, extendee: extendee, isGroup: true)
    }

    private func field(
        _ field: ProtobufField, _ scope: String, oneof: Int? = nil, extendee: String? = nil,
        isGroup: Bool = false
    ) -> [UInt8] {
        let (kind, typeName) = type(of: field, scope, isGroup: isGroup)
        var isMap = false
        if case .map = field.type { isMap = true }
        var out = ProtobufWireWriter()
        out.string(1, field.name)
        if let extendee { out.string(2, extendee) }
        out.int(3, field.number)
        switch field.label {
        case .required: out.int(4, 2)
        case .repeated: out.int(4, 3)
        case .optional, nil: out.int(4, isMap ? 3 : 1)
        }
        out.int(5, kind)
        if let typeName { out.string(6, typeName) }
        if let value = field.defaultValue { out.string(7, Self.decimal(value, kind)) }
        options(field.options, "FieldOptions", 8, scope, &out)
        if let oneof { out.int(9, oneof) }
        if let name = field.jsonName { out.string(10, name) }
        if isProto3, field.label == .optional, oneof != nil { out.bool(17, true) }
        return out.bytes
    }

    /// A whole number's default in decimal digits; others as they are.
    private static func decimal(_ text: String, _ kind: Int) -> String {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative ? String(text.dropFirst()) : text
        guard [3, 4, 5, 6, 7, 13, 15, 16, 17, 18].contains(kind),
            let value = ProtobufParser.integer(digits)
        else { return text }
        return "\(isNegative ? -value : value)"
    }

    private func type(of field: ProtobufField, _ scope: String, isGroup: Bool) -> (Int, String?) {
        switch field.type {
        case .map: return (11, ".\(ProtobufNames.joined(scope, Self.entryName(field.name)))")
        case .name(let name):
            if let scalar = ProtobufScalar(rawValue: name) { return (scalar.number, nil) }
            let full = names.normalName(name, in: scope)
            if isGroup { return (10, full) }
            if case .enumeration = names.entry(name, in: scope)?.type { return (14, full) }
            return (11, full)
        }
    }

    // MARK: - Enums and services

    private func enumeration(_ item: ProtobufEnum, _ outer: String) -> [UInt8] {
        var out = ProtobufWireWriter()
        out.string(1, item.name)
        for constant in item.constants {
            var inner = ProtobufWireWriter()
            inner.string(1, constant.name)
            inner.int(2, constant.number)
            options(constant.options, "EnumValueOptions", 3, outer, &inner)
            out.bytes(2, inner.bytes)
        }
        options(item.options, "EnumOptions", 3, outer, &out)
        reserved(item.reserved, ranges: 4, names: 5, pastEnd: 0, &out)
        return out.bytes
    }

    private func service(_ service: ProtobufService, _ scope: String) -> [UInt8] {
        var out = ProtobufWireWriter()
        out.string(1, service.name)
        for method in service.methods {
            var inner = ProtobufWireWriter()
            inner.string(1, method.name)
            inner.string(2, names.normalName(method.request, in: scope))
            inner.string(3, names.normalName(method.response, in: scope))
            options(method.options, "MethodOptions", 4, scope, &inner)
            if method.isRequestStream { inner.bool(5, true) }
            if method.isResponseStream { inner.bool(6, true) }
            out.bytes(2, inner.bytes)
        }
        options(service.options, "ServiceOptions", 3, scope, &out)
        return out.bytes
    }
}

extension ProtobufScalar {
    /// In `FieldDescriptorProto.Type`; 10, 11 and 14 are groups, messages and enums.
    var number: Int {
        switch self {
        case .double: 1
        case .float: 2
        case .int64: 3
        case .uint64: 4
        case .int32: 5
        case .fixed64: 6
        case .fixed32: 7
        case .bool: 8
        case .string: 9
        case .bytes: 12
        case .uint32: 13
        case .sfixed32: 15
        case .sfixed64: 16
        case .sint32: 17
        case .sint64: 18
        }
    }
}
