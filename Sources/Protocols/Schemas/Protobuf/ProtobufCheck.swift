// Whether a .proto file makes sense: names, numbers and types. Source: protobuf.dev, language
// specifications, and what protoc refuses.

struct ProtobufCheck {
    private let file: ProtobufFile
    private let names: ProtobufNames

    static func check(_ file: ProtobufFile, names: ProtobufNames) throws(SchemaError) {
        let check = ProtobufCheck(file: file, names: names)
        let scope = file.package ?? ""
        try check.checkNames(of: file.types, constantsOf: file.types, others: [], at: scope)
        for type in file.types { try check.check(type, in: scope) }
        for extend in file.extends { try check.check(extend, in: scope) }
        for service in file.services { try check.check(service, in: scope) }
    }

    private func check(_ type: ProtobufType, in scope: String) throws(SchemaError) {
        switch type {
        case .message(let message): try check(message, in: scope)
        case .enumeration(let enumeration): try check(enumeration, in: scope)
        }
    }

    /// Types, fields and the constants of enums around here share one set of names.
    private func checkNames(
        of types: [ProtobufType], constantsOf scoped: [ProtobufType], others: [String],
        at path: String
    ) throws(SchemaError) {
        var seen: Set<String> = []
        var constants: [String] = []
        for case .enumeration(let item) in scoped { constants += item.constants.map(\.name) }
        for name in types.map(\.name) + others + constants {
            guard seen.insert(name).inserted else {
                throw SchemaError("\"\(name)\" is there twice", at: path)
            }
        }
    }

    // MARK: - Messages

    private func check(_ message: ProtobufMessage, in outer: String) throws(SchemaError) {
        let scope = ProtobufNames.joined(outer, message.name)
        let groups = message.allGroups
        let fields = message.allFields
        try checkNames(
            of: message.types + groups.map { .message($0.body) }, constantsOf: message.types,
            others: fields.map(\.name) + message.oneofs.map(\.name), at: scope)
        for oneof in message.oneofs where oneof.fields.isEmpty && oneof.groups.isEmpty {
            throw SchemaError("the oneof \"\(oneof.name)\" has no field", at: scope)
        }
        try checkNumbers(of: message, at: scope)
        for field in message.fields { try check(field, in: scope, isInOneof: false) }
        for field in message.oneofs.flatMap(\.fields) {
            try check(field, in: scope, isInOneof: true)
        }
        if file.isProto3, let group = groups.first {
            throw SchemaError("proto3 has no groups", at: "\(scope).\(group.body.name)")
        }
        if file.isProto3, !message.extensions.isEmpty {
            throw SchemaError("proto3 has no extension ranges", at: scope)
        }
        for group in groups { try check(group.body, in: scope) }
        for type in message.types { try check(type, in: scope) }
        for extend in message.extends { try check(extend, in: scope) }
    }

    private func checkNumbers(of message: ProtobufMessage, at path: String) throws(SchemaError) {
        var taken: [Int: String] = [:]
        let numbers =
            message.allFields.map { ($0.name, $0.number) }
            + message.allGroups.map { ($0.body.name, $0.number) }
        let ranges = message.extensions.flatMap(\.ranges)
        for (name, number) in numbers {
            let here = "\(path).\(name)"
            guard (1...ProtobufLimits.fieldNumberMax).contains(number) else {
                throw SchemaError("the number \(number) is out of range", at: here)
            }
            guard !ProtobufLimits.ownFieldNumbers.contains(number) else {
                throw SchemaError("the numbers 19000 to 19999 are Protobuf's own", at: here)
            }
            if let other = taken.updateValue(name, forKey: number) {
                throw SchemaError("the number \(number) is that of \"\(other)\" too", at: here)
            }
            if ranges.contains(where: { $0.contains(number) }) {
                throw SchemaError("the number \(number) is kept for extensions", at: here)
            }
        }
        try check(reserved: message.reserved, against: numbers, at: path)
    }

    private func check(
        reserved statements: [[ProtobufReserved]], against numbers: [(name: String, number: Int)],
        at path: String
    ) throws(SchemaError) {
        var kept: [ClosedRange<Int>] = []
        var names: Set<String> = []
        for entry in statements.joined() {
            switch entry {
            case .numbers(let range):
                guard !kept.contains(where: { $0.overlaps(range) }) else {
                    throw SchemaError("a number is reserved twice", at: path)
                }
                kept.append(range)
            case .name(let name):
                guard names.insert(name).inserted else {
                    throw SchemaError("the name \"\(name)\" is reserved twice", at: path)
                }
            }
        }
        for (name, number) in numbers {
            let here = "\(path).\(name)"
            if names.contains(name) { throw SchemaError("the name is reserved", at: here) }
            if kept.contains(where: { $0.contains(number) }) {
                throw SchemaError("the number \(number) is reserved", at: here)
            }
        }
    }

    // MARK: - Fields

    private func check(_ field: ProtobufField, in scope: String, isInOneof: Bool)
        throws(SchemaError)
    {
        let here = "\(scope).\(field.name)"
        if field.label == .required, file.isProto3 {
            throw SchemaError("proto3 has no required fields", at: here)
        }
        if field.defaultValue != nil, file.isProto3 {
            throw SchemaError("proto3 has no defaults", at: here)
        }
        switch field.type {
        case .map(let key, let value):
            guard field.label == nil, !isInOneof else {
                throw SchemaError("a map has no label and is in no oneof", at: here)
            }
            switch ProtobufScalar(rawValue: key) {
            case .double, .float, .bytes, nil:
                throw SchemaError("\"\(key)\" is no type of a map's key", at: here)
            case .int32, .int64, .uint32, .uint64, .sint32, .sint64, .fixed32, .fixed64,
                .sfixed32, .sfixed64, .bool, .string:
                break
            }
            try checkType(value, in: scope, at: here)
        case .name(let name):
            try checkType(name, in: scope, at: here)
            try checkDefault(of: field, named: name, in: scope, at: here)
        }
    }

    private func checkType(_ name: String, in scope: String, at path: String) throws(SchemaError) {
        guard ProtobufScalar(rawValue: name) == nil, names.resolve(name, in: scope) == nil else {
            return
        }
        throw SchemaError("the type \"\(name)\" is not defined", at: path)
    }

    private func checkDefault(
        of field: ProtobufField, named type: String, in scope: String, at path: String
    ) throws(SchemaError) {
        guard let value = field.defaultValue else { return }
        guard field.label != .repeated else {
            throw SchemaError("a repeated field has no default", at: path)
        }
        let isValue: Bool
        switch ProtobufScalar(rawValue: type) {
        case .string, .bytes: isValue = true
        case .bool: isValue = value == "true" || value == "false"
        case .double, .float:
            isValue = Double(value) != nil
        case .int32, .int64, .uint32, .uint64, .sint32, .sint64, .fixed32, .fixed64, .sfixed32,
            .sfixed64:
            let digits = value.hasPrefix("-") ? String(value.dropFirst()) : value
            isValue = ProtobufParser.integer(digits) != nil || UInt64(digits) != nil
        case nil:
            switch names.entry(type, in: scope)?.type {
            case .enumeration(let enumeration):
                isValue = enumeration.constants.contains { $0.name == value }
            case .message: throw SchemaError("a message has no default", at: path)
            case nil: isValue = true
            }
        }
        guard isValue else { throw SchemaError("the default is no \(type)", at: path) }
    }

    private func check(_ extend: ProtobufExtend, in scope: String) throws(SchemaError) {
        guard let full = names.resolve(extend.name, in: scope),
            case .message(let message) = names.types[full]?.type
        else {
            throw SchemaError("the message \"\(extend.name)\" is not defined", at: scope)
        }
        let ranges = message.extensions.flatMap(\.ranges)
        let numbers =
            extend.fields.map { ($0.name, $0.number) }
            + extend.groups.map { ($0.body.name, $0.number) }
        for (name, number) in numbers where !ranges.contains(where: { $0.contains(number) }) {
            throw SchemaError(
                "\"\(full)\" has no extension \(number)", at: ProtobufNames.joined(scope, name))
        }
        for field in extend.fields {
            if case .map = field.type {
                throw SchemaError("an extension is no map", at: "\(scope).\(field.name)")
            }
            try check(field, in: scope, isInOneof: false)
        }
    }

    // MARK: - Enums and services

    private func check(_ item: ProtobufEnum, in outer: String) throws(SchemaError) {
        let path = ProtobufNames.joined(outer, item.name)
        guard let first = item.constants.first else {
            throw SchemaError("an enum needs a value", at: path)
        }
        guard !file.isProto3 || first.number == 0 else {
            throw SchemaError("the first value of an enum is 0 in proto3", at: path)
        }
        let allowsAlias = item.options.contains {
            $0.name == "allow_alias" && !$0.isCustom && $0.value == .boolean(true)
        }
        var taken: [Int: String] = [:]
        for constant in item.constants {
            let here = "\(path).\(constant.name)"
            guard Int32(exactly: constant.number) != nil else {
                throw SchemaError("the number \(constant.number) is out of range", at: here)
            }
            let other = taken.updateValue(constant.name, forKey: constant.number)
            if let other, !allowsAlias {
                throw SchemaError(
                    "the number \(constant.number) is that of \"\(other)\" too", at: here)
            }
        }
        try check(
            reserved: item.reserved, against: item.constants.map { ($0.name, $0.number) },
            at: path)
    }

    private func check(_ service: ProtobufService, in scope: String) throws(SchemaError) {
        var seen: Set<String> = []
        for method in service.methods {
            let here = "\(ProtobufNames.joined(scope, service.name)).\(method.name)"
            guard seen.insert(method.name).inserted else {
                throw SchemaError("the rpc is there twice", at: here)
            }
            for name in [method.request, method.response] {
                guard case .message = names.entry(name, in: scope)?.type else {
                    throw SchemaError("the message \"\(name)\" is not defined", at: here)
                }
            }
        }
    }
}
