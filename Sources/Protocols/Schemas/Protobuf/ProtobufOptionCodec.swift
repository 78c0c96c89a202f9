// Options in binary: each is a field of `google.protobuf.…Options` or an extension of it.
// Source: descriptor.proto, "Options".

/// Options that nobody declares are left out, in both directions.
struct ProtobufOptionCodec {
    let names: ProtobufNames

    /// A field with the place its type's name is looked for from.
    private struct Field {
        var field: ProtobufField
        var scope: String
        /// As an option of the file writes it; `nil` for a plain field.
        var extensionName: String?
    }

    private func message(_ full: String) -> ProtobufMessage? {
        let entry = names.types[full] ?? ProtobufBuiltIn.names.types[full]
        if case .message(let message) = entry?.type { return message }
        return nil
    }

    private func field(_ name: String, isCustom: Bool, of full: String, in scope: String) -> Field?
    {
        if isCustom {
            for names in [names, ProtobufBuiltIn.names] {
                guard let found = names.resolveExtension(name, in: scope),
                    let entry = names.extensions[found], entry.extendee == full
                else { continue }
                return Field(field: entry.field, scope: entry.scope, extensionName: found)
            }
            return nil
        }
        guard let field = message(full)?.allFields.first(where: { $0.name == name }) else {
            return nil
        }
        return Field(field: field, scope: full)
    }

    private func field(_ number: Int, of full: String) -> Field? {
        if let field = message(full)?.allFields.first(where: { $0.number == number }) {
            return Field(field: field, scope: full)
        }
        for names in [names, ProtobufBuiltIn.names] {
            for name in names.extensionsOf[full] ?? [] {
                guard let entry = names.extensions[name], entry.field.number == number else {
                    continue
                }
                return Field(field: entry.field, scope: entry.scope, extensionName: name)
            }
        }
        return nil
    }

    private func resolve(_ name: String, in scope: String) -> (name: String, type: ProtobufType)? {
        for names in [names, ProtobufBuiltIn.names] {
            if let full = names.resolve(name, in: scope), let entry = names.types[full] {
                return (full, entry.type)
            }
        }
        return nil
    }

    /// The message that stands for one entry of a map.
    private static func entry(key: String, value: String) -> [ProtobufField] {
        [
            ProtobufField(type: .name(key), name: "key", number: 1),
            ProtobufField(type: .name(value), name: "value", number: 2),
        ]
    }
}

// MARK: - To binary

extension ProtobufOptionCodec {
    /// - Parameter full: "google.protobuf.FieldOptions".
    func bytes(of options: [ProtobufOption], as full: String, in scope: String) -> [UInt8] {
        var writer = ProtobufWireWriter()
        for option in options {
            guard
                let field = field(option.name, isCustom: option.isCustom, of: full, in: scope)
            else { continue }
            append(option.value, field, &writer)
        }
        return writer.bytes
    }

    private func append(
        _ value: ProtobufOptionValue, _ field: Field, _ writer: inout ProtobufWireWriter
    ) {
        if case .list(let items) = value {
            for item in items { append(item, field, &writer) }
            return
        }
        let number = field.field.number
        switch field.field.type {
        case .map(let key, let mapped):
            guard case .map(let members) = value else { return }
            var inner = ProtobufWireWriter()
            for part in Self.entry(key: key, value: mapped) {
                guard let member = members.first(where: { $0.key == part.name }) else { continue }
                append(member.value, Field(field: part, scope: field.scope), &inner)
            }
            writer.bytes(number, inner.bytes)
        case .name(let name):
            if let scalar = ProtobufScalar(rawValue: name) {
                return Self.append(value, number, scalar, &writer)
            }
            switch resolve(name, in: field.scope) {
            case (let full, .message)?:
                writer.bytes(number, members(of: value, as: full, in: field.scope))
            case (_, .enumeration(let enumeration))?:
                let constant = enumeration.constants.first { $0.name == value.plainText }
                if let constant { writer.int(number, constant.number) }
            case nil: break
            }
        }
    }

    private func members(of value: ProtobufOptionValue, as full: String, in scope: String)
        -> [UInt8]
    {
        switch value {
        case .inner(let option): return bytes(of: [option], as: full, in: scope)
        case .map(let members):
            var writer = ProtobufWireWriter()
            for member in members {
                let isCustom = member.key.hasPrefix("[")
                let name = isCustom ? String(member.key.dropFirst().dropLast()) : member.key
                guard let field = field(name, isCustom: isCustom, of: full, in: scope) else {
                    continue
                }
                append(member.value, field, &writer)
            }
            return writer.bytes
        case .string, .boolean, .number, .constant, .list: return []
        }
    }

    private static func append(
        _ value: ProtobufOptionValue, _ number: Int, _ scalar: ProtobufScalar,
        _ writer: inout ProtobufWireWriter
    ) {
        let text = value.plainText
        func integer() -> Int64 {
            let isNegative = text.hasPrefix("-")
            let digits = isNegative ? String(text.dropFirst()) : text
            if let small = ProtobufParser.integer(digits) {
                return Int64(isNegative ? -small : small)
            }
            return Int64(text) ?? UInt64(text).map { Int64(bitPattern: $0) } ?? 0
        }
        switch scalar {
        case .string, .bytes: writer.string(number, text)
        case .bool: writer.bool(number, text == "true")
        case .int32, .int64, .uint32, .uint64:
            writer.varint(number, UInt64(bitPattern: integer()))
        case .sint32, .sint64:
            let value = integer()
            writer.varint(number, UInt64(bitPattern: value << 1 ^ value >> 63))
        case .fixed32, .sfixed32: writer.fixed32(number, UInt32(truncatingIfNeeded: integer()))
        case .fixed64, .sfixed64: writer.fixed64(number, UInt64(bitPattern: integer()))
        case .float: writer.fixed32(number, (Float(text) ?? 0).bitPattern)
        case .double: writer.fixed64(number, (Double(text) ?? 0).bitPattern)
        }
    }
}

// MARK: - From binary

extension ProtobufOptionCodec {
    func options(of bytes: [UInt8], as full: String) throws(SchemaError) -> [ProtobufOption] {
        var options: [ProtobufOption] = []
        for item in try ProtobufWireReader.fields(of: bytes) {
            guard let field = field(item.number, of: full),
                let value = try value(of: item, field, depth: 0)
            else { continue }
            options.append(
                ProtobufOption(
                    name: field.extensionName ?? field.field.name,
                    isCustom: field.extensionName != nil, value: value))
        }
        return options
    }

    private func members(of bytes: [UInt8], as full: String, depth: Int) throws(SchemaError)
        -> [ProtobufMember]
    {
        var members: [ProtobufMember] = []
        for item in try ProtobufWireReader.fields(of: bytes) {
            guard let field = field(item.number, of: full),
                let value = try value(of: item, field, depth: depth)
            else { continue }
            var isList = field.field.label == .repeated
            if case .map = field.field.type { isList = true }
            let key = field.extensionName.map { "[\($0)]" } ?? field.field.name
            if let index = members.firstIndex(where: { $0.key == key }), isList,
                case .list(let items) = members[index].value
            {
                members[index].value = .list(items + [value])
            } else {
                members.append(ProtobufMember(key: key, value: isList ? .list([value]) : value))
            }
        }
        return members
    }

    private func value(of item: ProtobufWireField, _ field: Field, depth: Int)
        throws(SchemaError) -> ProtobufOptionValue?
    {
        guard depth < ProtobufLimits.wireDepthMax else {
            throw SchemaError("is no Protobuf descriptor: an option is too deep")
        }
        switch field.field.type {
        case .map(let key, let mapped):
            var members: [ProtobufMember] = []
            for part in try ProtobufWireReader.fields(of: item.bytes) {
                let entry = Self.entry(key: key, value: mapped).first { $0.number == part.number }
                guard let entry,
                    let value = try value(
                        of: part, Field(field: entry, scope: field.scope), depth: depth + 1)
                else { continue }
                members.append(ProtobufMember(key: entry.name, value: value))
            }
            return .map(members)
        case .name(let name):
            if let scalar = ProtobufScalar(rawValue: name) { return Self.value(of: item, scalar) }
            switch resolve(name, in: field.scope) {
            case (let full, .message)?:
                return .map(try members(of: item.bytes, as: full, depth: depth + 1))
            case (_, .enumeration(let enumeration))?:
                let constant = enumeration.constants.first { $0.number == item.int }
                return constant.map { .constant($0.name) } ?? .number("\(item.int)")
            case nil: return nil
            }
        }
    }

    private static func value(of item: ProtobufWireField, _ scalar: ProtobufScalar)
        -> ProtobufOptionValue
    {
        let int = item.int
        switch scalar {
        case .string, .bytes: return .string(item.string)
        case .bool: return .boolean(item.isTrue)
        case .int32, .int64, .fixed32, .sfixed32, .sfixed64: return .number("\(int)")
        case .uint32, .uint64, .fixed64:
            return .number("\(UInt64(bitPattern: Int64(int)))")
        case .sint32, .sint64:
            let bits = UInt64(bitPattern: Int64(int))
            return .number("\(Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1))")
        case .float: return .number("\(Float(bitPattern: UInt32(truncatingIfNeeded: int)))")
        case .double:
            return .number("\(Double(bitPattern: UInt64(bitPattern: Int64(int))))")
        }
    }
}
