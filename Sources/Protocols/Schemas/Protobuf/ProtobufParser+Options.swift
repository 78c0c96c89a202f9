// Options of a .proto text, and the text format that their values may have.
// Source: protobuf.dev, "Text Format Language Specification".

extension ProtobufParser {
    /// After the word `option`.
    mutating func statementOption() throws(SchemaError) -> ProtobufOption {
        let option = try option()
        try expect(";")
        return option
    }

    /// `[a = 1, (b).c = 2]`, or nothing.
    mutating func bracketOptions() throws(SchemaError) -> [ProtobufOption] {
        guard try skips("[") else { return [] }
        var options: [ProtobufOption] = []
        if try skips("]") { return options }
        repeat { options.append(try option()) } while try skips(",")
        try expect("]")
        return options
    }

    private mutating func option() throws(SchemaError) -> ProtobufOption {
        let (name, isCustom) = try optionName()
        var path: [(name: String, isCustom: Bool)] = []
        while try skips(".") { path.append(try optionName()) }
        try expect("=")
        var value = try optionValue(depth: 0)
        for part in path.reversed() {
            value = .inner(
                ProtobufOption(name: part.name, isCustom: part.isCustom, value: value))
        }
        return ProtobufOption(name: name, isCustom: isCustom, value: value)
    }

    private mutating func optionName() throws(SchemaError) -> (String, Bool) {
        guard try skips("(") else { return (try word(), false) }
        let name = try fullName()
        try expect(")")
        return (name, true)
    }

    private mutating func optionValue(depth: Int) throws(SchemaError) -> ProtobufOptionValue {
        guard depth < SchemaLimits.depthMax else { throw fault("the option is too deep") }
        switch try peek() {
        case .string: return .string(try string())
        case .symbol("{"): return .map(try members(open: "{", close: "}", depth: depth + 1))
        case .symbol("<"): return .map(try members(open: "<", close: ">", depth: depth + 1))
        case .symbol("["): return .list(try items(depth: depth + 1))
        case .symbol("-"), .symbol("+"), .number: return .number(try signedNumber())
        case .word:
            let name = try fullName()
            if name == "true" || name == "false" { return .boolean(name == "true") }
            return .constant(name)
        case .symbol, .end: throw fault("an option's value is missing")
        }
    }

    private mutating func signedNumber() throws(SchemaError) -> String {
        var sign = ""
        if try skips("-") { sign = "-" } else { _ = try skips("+") }
        switch try next() {
        case .number(let text): return sign + text
        case .word(let name) where name == "inf" || name == "nan": return sign + name
        case .word, .string, .symbol, .end: throw fault("a number is missing")
        }
    }

    private mutating func items(depth: Int) throws(SchemaError) -> [ProtobufOptionValue] {
        try expect("[")
        var items: [ProtobufOptionValue] = []
        if try skips("]") { return items }
        repeat { items.append(try optionValue(depth: depth)) } while try skips(",")
        try expect("]")
        return items
    }

    /// Members that come twice become one list, as they are repeated fields.
    private mutating func members(open: Character, close: Character, depth: Int)
        throws(SchemaError) -> [ProtobufMember]
    {
        try expect(open)
        var members: [ProtobufMember] = []
        while !(try skips(close)) {
            let key = try memberKey()
            let after = try peek()
            if after != .symbol("{"), after != .symbol("<") { try expect(":") }
            let value = try optionValue(depth: depth)
            if let index = members.firstIndex(where: { $0.key == key }) {
                members[index].value = members[index].value.joined(with: value)
            } else {
                members.append(ProtobufMember(key: key, value: value))
            }
            if !(try skips(",")) { _ = try skips(";") }
        }
        return members
    }

    /// A field's name, or `[an.extension]`.
    private mutating func memberKey() throws(SchemaError) -> String {
        guard try skips("[") else { return try word() }
        var name = try fullName()
        if try skips("/") { name += "/" + (try fullName()) }
        try expect("]")
        return "[\(name)]"
    }
}

extension ProtobufOptionValue {
    /// A single value as a text without quotes.
    var plainText: String {
        switch self {
        case .string(let text), .number(let text), .constant(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .inner(let option): option.value.plainText
        case .map, .list: ""
        }
    }

    fileprivate func joined(with other: ProtobufOptionValue) -> ProtobufOptionValue {
        var items: [ProtobufOptionValue]
        if case .list(let old) = self { items = old } else { items = [self] }
        if case .list(let new) = other { items += new } else { items.append(other) }
        return .list(items)
    }
}
