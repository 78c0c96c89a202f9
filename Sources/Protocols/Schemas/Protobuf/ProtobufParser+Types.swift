// Messages, enums, extensions and services of a .proto text.

extension ProtobufParser {
    /// After the word `message`.
    mutating func message(depth: Int) throws(SchemaError) -> ProtobufMessage {
        var message = ProtobufMessage(name: try word())
        try readBody(of: &message, depth: depth)
        return message
    }

    private mutating func readBody(of message: inout ProtobufMessage, depth: Int)
        throws(SchemaError)
    {
        guard depth < SchemaLimits.depthMax else {
            throw fault("more than \(SchemaLimits.depthMax) messages inside each other")
        }
        try expect("{")
        while !(try skips("}")) {
            if try skips(";") { continue }
            try readMember(of: &message, depth: depth)
        }
    }

    private mutating func readMember(of message: inout ProtobufMessage, depth: Int)
        throws(SchemaError)
    {
        if try skips(word: "message") {
            message.types.append(.message(try self.message(depth: depth + 1)))
        } else if try skips(word: "enum") {
            message.types.append(.enumeration(try enumeration()))
        } else if try skips(word: "extend") {
            message.extends.append(try extend(depth: depth + 1))
        } else if try skips(word: "oneof") {
            message.oneofs.append(try oneof(depth: depth))
        } else if try skips(word: "option") {
            message.options.append(try statementOption())
        } else if try skips(word: "reserved") {
            message.reserved.append(try reserved(max: ProtobufLimits.fieldNumberMax))
        } else if try skips(word: "extensions") {
            let ranges = try ranges(max: ProtobufLimits.fieldNumberMax)
            message.extensions.append(
                ProtobufExtensions(ranges: ranges, options: try bracketOptions()))
            try expect(";")
        } else {
            let label = try label()
            if try skips(word: "group") {
                message.groups.append(try group(label: label, depth: depth))
            } else {
                message.fields.append(try field(label: label))
            }
        }
    }

    private mutating func label() throws(SchemaError) -> ProtobufLabel? {
        guard case .word(let word) = try peek(), let label = ProtobufLabel(rawValue: word) else {
            return nil
        }
        _ = try next()
        return label
    }

    /// After the label and the word `group`.
    private mutating func group(label: ProtobufLabel?, depth: Int) throws(SchemaError)
        -> ProtobufGroup
    {
        let name = try word()
        try expect("=")
        let number = try integer()
        let options = try bracketOptions()
        var body = ProtobufMessage(name: name)
        try readBody(of: &body, depth: depth + 1)
        return ProtobufGroup(label: label, number: number, options: options, body: body)
    }

    private mutating func field(label: ProtobufLabel?) throws(SchemaError) -> ProtobufField {
        let type = try fieldType()
        let name = try word()
        try expect("=")
        var field = ProtobufField(label: label, type: type, name: name, number: try integer())
        field.options = try bracketOptions()
        try expect(";")
        // Two options are attributes of the field itself.
        for option in field.options where !option.isCustom {
            if option.name == "default" { field.defaultValue = option.value.plainText }
            if option.name == "json_name" { field.jsonName = option.value.plainText }
        }
        field.options.removeAll {
            !$0.isCustom && ($0.name == "default" || $0.name == "json_name")
        }
        return field
    }

    private mutating func fieldType() throws(SchemaError) -> ProtobufFieldType {
        let name = try fullName()
        guard name == "map", try skips("<") else { return .name(name) }
        let key = try fullName()
        try expect(",")
        let value = try fullName()
        try expect(">")
        return .map(key: key, value: value)
    }

    private mutating func oneof(depth: Int) throws(SchemaError) -> ProtobufOneof {
        var oneof = ProtobufOneof(name: try word())
        try expect("{")
        while !(try skips("}")) {
            if try skips(";") { continue }
            if try skips(word: "option") {
                oneof.options.append(try statementOption())
            } else if try skips(word: "group") {
                oneof.groups.append(try group(label: nil, depth: depth))
            } else {
                guard try label() == nil else { throw fault("a field of a oneof has no label") }
                oneof.fields.append(try field(label: nil))
            }
        }
        return oneof
    }

    /// After the word `extend`.
    mutating func extend(depth: Int) throws(SchemaError) -> ProtobufExtend {
        var extend = ProtobufExtend(name: try fullName())
        try expect("{")
        while !(try skips("}")) {
            if try skips(";") { continue }
            let label = try label()
            if try skips(word: "group") {
                extend.groups.append(try group(label: label, depth: depth))
            } else {
                extend.fields.append(try field(label: label))
            }
        }
        return extend
    }

    /// After the word `enum`.
    mutating func enumeration() throws(SchemaError) -> ProtobufEnum {
        var enumeration = ProtobufEnum(name: try word())
        try expect("{")
        while !(try skips("}")) {
            if try skips(";") { continue }
            if try skips(word: "option") {
                enumeration.options.append(try statementOption())
            } else if try skips(word: "reserved") {
                enumeration.reserved.append(try reserved(max: Int(Int32.max)))
            } else {
                let name = try word()
                try expect("=")
                let number = try integer()
                enumeration.constants.append(
                    ProtobufConstant(name: name, number: number, options: try bracketOptions()))
                try expect(";")
            }
        }
        return enumeration
    }

    /// After the word `service`.
    mutating func service() throws(SchemaError) -> ProtobufService {
        var service = ProtobufService(name: try word())
        try expect("{")
        while !(try skips("}")) {
            if try skips(";") { continue }
            if try skips(word: "option") {
                service.options.append(try statementOption())
            } else if try skips(word: "rpc") {
                service.methods.append(try method())
            } else {
                throw fault("a service has options and rpcs only")
            }
        }
        return service
    }

    private mutating func method() throws(SchemaError) -> ProtobufMethod {
        var method = ProtobufMethod(name: try word(), request: "", response: "")
        (method.request, method.isRequestStream) = try messageName()
        guard try word() == "returns" else { throw fault("\"returns\" is missing") }
        (method.response, method.isResponseStream) = try messageName()
        if try skips("{") {
            while !(try skips("}")) {
                if try skips(";") { continue }
                guard try skips(word: "option") else { throw fault("an rpc has options only") }
                method.options.append(try statementOption())
            }
        } else {
            try expect(";")
        }
        return method
    }

    /// `(stream Name)`
    private mutating func messageName() throws(SchemaError) -> (name: String, isStream: Bool) {
        try expect("(")
        var name = "stream"
        var isStream = try skips(word: "stream")
        if isStream, try peek() == .symbol(")") {
            isStream = false  // A message may have that name.
        } else {
            name = try fullName()
        }
        try expect(")")
        return (name, isStream)
    }
}
