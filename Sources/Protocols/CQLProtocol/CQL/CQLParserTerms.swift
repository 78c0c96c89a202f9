// Parses terms, types, relations and conditions.

extension CQLParser {
    // MARK: Types

    mutating func type() throws(CQLSyntaxError) -> CQLTypeSyntax {
        try deeper { parser throws(CQLSyntaxError) in try parser.typeInside() }
    }

    private mutating func typeInside() throws(CQLSyntaxError) -> CQLTypeSyntax {
        if token.kind == .string {
            defer { at += 1 }
            return .custom(token.text)
        }
        if token.kind == .word, isSymbol("<", ahead: 1) {
            switch token.folded {
            case "list":
                at += 1
                return .list(try typeArguments(1)[0])
            case "set":
                at += 1
                return .set(try typeArguments(1)[0])
            case "map":
                at += 1
                let arguments = try typeArguments(2)
                return .map(arguments[0], arguments[1])
            case "tuple":
                at += 1
                return .tuple(try typeArguments(nil))
            case "frozen":
                at += 1
                return .frozen(try typeArguments(1)[0])
            case "vector":
                at += 1
                return try vectorArguments()
            default: break
            }
        }
        return .named(try qualifiedName())
    }

    private mutating func typeArguments(_ count: Int?) throws(CQLSyntaxError) -> [CQLTypeSyntax] {
        let arguments = try list("<", ">") { parser throws(CQLSyntaxError) in try parser.type() }
        guard count == nil || arguments.count == count else { throw noAlternative() }
        return arguments
    }

    private mutating func vectorArguments() throws(CQLSyntaxError) -> CQLTypeSyntax {
        try symbol("<")
        let element = try type()
        try symbol(",")
        guard token.kind == .integer else { throw noAlternative() }
        guard let dimensions = Int32(token.text).map(Int.init) else {
            let text = String(decoding: bytes, as: UTF8.self)
            throw .whole(
                "Failed parsing statement: [\(text)] reason: NumberFormatException For input "
                    + "string: \"\(token.text)\"")
        }
        at += 1
        try symbol(">")
        return .vector(element, dimensions: dimensions)
    }

    // MARK: Terms

    mutating func term() throws(CQLSyntaxError) -> CQLTerm {
        try chain { parser throws(CQLSyntaxError) in try parser.factor() }
    }

    mutating func factor() throws(CQLSyntaxError) -> CQLTerm {
        guard isSymbol("-") else { return try simpleTerm() }
        at += 1
        if isWord("nan") || isWord("infinity") {
            defer { at += 1 }
            return .float(isWord("nan") ? "-NaN" : "-Infinity")
        }
        return .negated(try deeper { parser throws(CQLSyntaxError) in try parser.factor() })
    }

    private mutating func simpleTerm() throws(CQLSyntaxError) -> CQLTerm {
        if let marker = try marker() { return .marker(marker) }
        let token = token
        switch token.kind {
        case .string: return literal(.string(token.text))
        case .integer: return literal(.integer(token.text))
        case .float: return literal(.float(token.text))
        case .uuid: return literal(.uuid(token.text))
        case .hex: return literal(.hex(String(token.text.dropFirst(2))))
        case .duration: return literal(.duration(token.text))
        case .word: return try wordTerm()
        case .quotedName: return try function()
        case .symbol:
            switch token.text {
            case "[":
                return .list(
                    try list("[", "]", mayBeEmpty: true) {
                        parser throws(CQLSyntaxError) in try parser.term()
                    })
            case "{": return try braces()
            case "(": return try parenthesis()
            default: throw noAlternative()
            }
        case .emptyName, .end: throw noAlternative()
        }
    }

    private mutating func literal(_ term: CQLTerm) -> CQLTerm {
        at += 1
        return term
    }

    private mutating func wordTerm() throws(CQLSyntaxError) -> CQLTerm {
        if isWord("cast"), isSymbol("(", ahead: 1), let cast = try cast() { return cast }
        if isSymbol("(", ahead: 1) || isSymbol(".", ahead: 1) { return try function() }
        switch token.folded {
        case "null": return literal(.null)
        case "true": return literal(.boolean(true))
        case "false": return literal(.boolean(false))
        case "nan": return literal(.float("NaN"))
        case "infinity": return literal(.float("Infinity"))
        default:
            guard !CQLKeywords.reserved.contains(token.folded) else { throw noAlternative() }
            // It may be a function's name, so what comes behind it is wrong.
            at += 1
            throw noAlternative(from: at - 1)
        }
    }

    /// `CAST(term AS type)`; `nil` for a function of that name.
    private mutating func cast() throws(CQLSyntaxError) -> CQLTerm? {
        let mark = self
        at += 2
        let value = try deeper { parser throws(CQLSyntaxError) in try parser.term() }
        guard takeWord("as") else {
            self = mark
            return nil
        }
        let type = try type()
        try symbol(")")
        return .cast(value, type)
    }

    private mutating func function() throws(CQLSyntaxError) -> CQLTerm {
        let called = try functionName()
        let arguments = try list(mayBeEmpty: true) {
            parser throws(CQLSyntaxError) in try parser.term()
        }
        return .function(called, arguments)
    }

    /// `(1, 2)` is a tuple, `(int) x` a hint, `(1)` a tuple of one or a bracketed term.
    private mutating func parenthesis() throws(CQLSyntaxError) -> CQLTerm {
        let mark = self
        at += 1
        if token.kind == .word || token.kind == .quotedName, let type = try? type(),
            takeSymbol(")"), startsTerm
        {
            return .hint(type, try deeper { parser throws(CQLSyntaxError) in try parser.factor() })
        }
        self = mark
        return .tuple(try list { parser throws(CQLSyntaxError) in try parser.term() })
    }

    private var startsTerm: Bool {
        switch token.kind {
        case .string, .integer, .float, .uuid, .hex, .duration, .quotedName: true
        case .word:
            ["null", "true", "false", "nan", "infinity"].contains(token.folded)
                || isSymbol("(", ahead: 1)
        case .symbol: ["(", "[", "{", "?", ":", "-"].contains(token.text)
        case .emptyName, .end: false
        }
    }

    /// `{}`, `{a, b}`, `{a: b}` or `{field: b}`.
    private mutating func braces() throws(CQLSyntaxError) -> CQLTerm {
        try symbol("{")
        if takeSymbol("}") { return .set([]) }
        let isField =
            (token.kind == .word || token.kind == .quotedName) && isSymbol(":", ahead: 1)
            && !["null", "true", "false", "nan", "infinity"].contains(token.folded)
        if isField {
            var fields: [CQLFieldEntry] = []
            repeat {
                let field = try name()
                try symbol(":")
                fields.append(CQLFieldEntry(name: field, value: try term()))
            } while takeSymbol(",")
            try symbol("}")
            return .fields(fields)
        }
        let first = try term()
        guard isSymbol(":") else {
            var items = [first]
            while takeSymbol(",") { items.append(try term()) }
            try symbol("}")
            return .set(items)
        }
        at += 1
        var entries = [CQLMapEntry(key: first, value: try term())]
        while takeSymbol(",") {
            let key = try term()
            try symbol(":")
            entries.append(CQLMapEntry(key: key, value: try term()))
        }
        try symbol("}")
        return .map(entries)
    }

    /// What `LIMIT`, `TTL` and `TIMESTAMP` take.
    mutating func integerOrMarker() throws(CQLSyntaxError) -> CQLTerm {
        if let marker = try marker() { return .marker(marker) }
        // `TTL -1`: the lexer takes the minus behind a name for an operator.
        if isSymbol("-"), peek(1).kind == .integer {
            at += 1
            return literal(.integer("-" + token.text))
        }
        guard token.kind == .integer else { throw noAlternative() }
        return literal(.integer(token.text))
    }
}
