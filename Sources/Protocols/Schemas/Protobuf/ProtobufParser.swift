// The text of a .proto file read into values. Source: protobuf.dev, language specifications.

/// Reads the form only; `ProtobufCheck` says whether the file makes sense.
struct ProtobufParser {
    private var lexer: ProtobufLexer
    /// Read, but not used yet.
    private var ahead: ProtobufToken?
    var file = ProtobufFile()

    static func parse(_ text: String) throws(SchemaError) -> ProtobufFile {
        var parser = ProtobufParser(lexer: ProtobufLexer(text))
        try parser.readFile()
        return parser.file
    }

    private init(lexer: ProtobufLexer) { self.lexer = lexer }

    private mutating func readFile() throws(SchemaError) {
        while true {
            switch try next() {
            case .end: return
            case .symbol(";"): continue
            case .word(let word): try readStatement(word)
            case .number, .string, .symbol: throw fault("a statement must start with a word")
            }
        }
    }

    private mutating func readStatement(_ word: String) throws(SchemaError) {
        switch word {
        case "syntax":
            try expect("=")
            switch try string() {
            case "proto2": file.syntax = .proto2
            case "proto3": file.syntax = .proto3
            default: throw fault("an unknown syntax; proto2 and proto3 are known")
            }
            try expect(";")
        case "edition":
            try expect("=")
            let edition = try string()
            guard ProtobufLimits.editions[edition] != nil else {
                throw fault("an unknown edition; 2023 and 2024 are known")
            }
            file.syntax = .edition(edition)
            try expect(";")
        case "package":
            guard file.package == nil else { throw fault("a second package") }
            file.package = try fullName()
            try expect(";")
        case "import": try readImport()
        case "option": file.options.append(try statementOption())
        case "message": file.types.append(.message(try message(depth: 0)))
        case "enum": file.types.append(.enumeration(try enumeration()))
        case "service": file.services.append(try service())
        case "extend": file.extends.append(try extend(depth: 0))
        default: throw fault("\"\(word)\" starts no statement of a file")
        }
    }

    private mutating func readImport() throws(SchemaError) {
        if try skips(word: "public") {
            file.publicImports.append(try string())
        } else if try skips(word: "weak") {
            file.weakImports.append(try string())
        } else {
            file.imports.append(try string())
        }
        try expect(";")
    }
}

// MARK: - Tokens

extension ProtobufParser {
    func fault(_ what: String) -> SchemaError { SchemaError(what, at: lexer.place) }

    mutating func next() throws(SchemaError) -> ProtobufToken {
        if let token = ahead {
            ahead = nil
            return token
        }
        return try lexer.next()
    }

    mutating func peek() throws(SchemaError) -> ProtobufToken {
        if let ahead { return ahead }
        let token = try lexer.next()
        ahead = token
        return token
    }

    mutating func skips(_ symbol: Character) throws(SchemaError) -> Bool {
        guard try peek() == .symbol(symbol) else { return false }
        ahead = nil
        return true
    }

    mutating func skips(word: String) throws(SchemaError) -> Bool {
        guard try peek() == .word(word) else { return false }
        ahead = nil
        return true
    }

    mutating func expect(_ symbol: Character) throws(SchemaError) {
        guard try next() == .symbol(symbol) else { throw fault("\"\(symbol)\" is missing") }
    }

    mutating func word() throws(SchemaError) -> String {
        guard case .word(let word) = try next() else { throw fault("a name is missing") }
        return word
    }

    /// Strings that stand side by side are one.
    mutating func string() throws(SchemaError) -> String {
        guard case .string(var text) = try next() else { throw fault("a string is missing") }
        while case .string(let more) = try peek() {
            text += more
            ahead = nil
        }
        return text
    }

    /// `a.b.c`, with a leading dot when there is one.
    mutating func fullName() throws(SchemaError) -> String {
        var name = try skips(".") ? "." : ""
        name += try word()
        while try skips(".") { name += "." + (try word()) }
        return name
    }

    /// Decimal, octal or hexadecimal, with a sign.
    mutating func integer() throws(SchemaError) -> Int {
        let sign = try skips("-") ? -1 : 1
        guard case .number(let text) = try next() else { throw fault("a number is missing") }
        guard let value = Self.integer(text) else { throw fault("\"\(text)\" is no whole number") }
        return sign * value
    }

    static func integer(_ text: String) -> Int? {
        let small = text.lowercased()
        let value: Int? =
            if small.hasPrefix("0x") {
                Int(small.dropFirst(2), radix: 16)
            } else if small.count > 1, small.hasPrefix("0") {
                Int(small, radix: 8)
            } else {
                Int(small)
            }
        return value.flatMap { $0 <= Int(UInt32.max) ? $0 : nil }
    }

    /// `start`, `start to end` or `start to max`, with commas between.
    mutating func ranges(max: Int) throws(SchemaError) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        repeat { ranges.append(try range(max: max)) } while try skips(",")
        return ranges
    }

    private mutating func range(max: Int) throws(SchemaError) -> ClosedRange<Int> {
        let start = try integer()
        guard try skips(word: "to") else { return start...start }
        let end = try skips(word: "max") ? max : try integer()
        guard start <= end else { throw fault("a range ends before it starts") }
        return start...end
    }

    /// After the word: numbers or names.
    mutating func reserved(max: Int) throws(SchemaError) -> [ProtobufReserved] {
        var entries: [ProtobufReserved] = []
        repeat {
            switch try peek() {
            case .string: entries.append(.name(try string()))
            case .word: entries.append(.name(try word()))
            case .number, .symbol, .end: entries.append(.numbers(try range(max: max)))
            }
        } while try skips(",")
        try expect(";")
        return entries
    }
}
