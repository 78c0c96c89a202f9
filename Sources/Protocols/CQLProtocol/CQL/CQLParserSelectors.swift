// Parses what SELECT selects: columns, functions, arithmetic, constants.
// Source: Cassandra's Parser.g from `selector` to `selectionFunctionArgs`.

extension CQLParser {
    mutating func selectItem() throws(CQLSyntaxError) -> CQLSelect.Item {
        let selector = try selector()
        let alias = takeWord("as") ? try name() : nil
        return CQLSelect.Item(selector: selector, alias: alias)
    }

    mutating func selector() throws(CQLSyntaxError) -> CQLSelector {
        try chain { parser throws(CQLSyntaxError) in try parser.selectorFactor() }
    }

    private mutating func selectorFactor() throws(CQLSyntaxError) -> CQLSelector {
        if isSymbol("-") {
            at += 1
            if isWord("nan") || isWord("infinity") {
                defer { at += 1 }
                return .term(.float(isWord("nan") ? "-NaN" : "-Infinity"))
            }
            return .negated(
                try deeper { parser throws(CQLSyntaxError) in try parser.selectorFactor() })
        }
        return try modified(try plainSelector())
    }

    /// Fields, elements and slices behind a selector.
    private mutating func modified(
        _ start: CQLSelector
    ) throws(CQLSyntaxError) -> CQLSelector {
        var selector = start
        var parts = 0
        while true {
            parts += 1
            try checkOperations(parts)
            if takeSymbol(".") {
                selector = .field(selector, try name())
            } else if takeSymbol("[") {
                selector = try subSelection(of: selector)
                try symbol("]")
            } else {
                return selector
            }
        }
    }

    private mutating func subSelection(
        of selector: CQLSelector
    ) throws(CQLSyntaxError) -> CQLSelector {
        let first = isSymbol("..") ? nil : try term()
        guard takeSymbol("..") else {
            guard let first else { throw noAlternative() }
            return .element(selector, first)
        }
        let last = isSymbol("]") ? nil : try term()
        guard first != nil || last != nil else { throw noAlternative() }
        return .slice(selector, first, last)
    }

    private mutating func plainSelector() throws(CQLSyntaxError) -> CQLSelector {
        if token.kind == .word || token.kind == .quotedName {
            if isSymbol("(", ahead: 1) { return try call() }
            if isSymbol(".", ahead: 1), isSymbol("(", ahead: 3) { return try functionSelector() }
        }
        switch token.kind {
        case .quotedName: return .column(try name())
        case .word where !["null", "true", "false", "nan", "infinity"].contains(token.folded):
            return .column(try name())
        case .symbol:
            switch token.text {
            case "(": return try bracketed()
            case "[":
                return .list(
                    try list("[", "]", mayBeEmpty: true) {
                        parser throws(CQLSyntaxError) in try parser.selector()
                    })
            case "{": return try bracedSelector()
            case "?", ":": break
            default: throw noAlternative()
            }
        case .integer, .float, .duration:
            // The lexer takes a sign along; for a selector it is an operation.
            if token.text.hasPrefix("-") {
                guard case .term(let constant) = CQLSelector.term(try term()) else { break }
                return Self.negated(constant)
            }
        case .word, .emptyName, .string, .uuid, .hex, .end: break
        }
        return .term(try simpleSelectorTerm())
    }

    private static func negated(_ constant: CQLTerm) -> CQLSelector {
        switch constant {
        case .integer(let text): .negated(.term(.integer(String(text.dropFirst()))))
        case .float(let text): .negated(.term(.float(String(text.dropFirst()))))
        default: .term(constant)
        }
    }

    /// A constant, null or a marker, without any operation behind it.
    private mutating func simpleSelectorTerm() throws(CQLSyntaxError) -> CQLTerm {
        if isWord("ttl") || isWord("writetime") { throw noAlternative() }
        return try factor()
    }

    private mutating func call() throws(CQLSyntaxError) -> CQLSelector {
        if isWord("cast") { return try castSelector() }
        if isWord("count"), isSymbol(")", ahead: 3),
            isSymbol("*", ahead: 2) || (peek(2).kind == .integer && peek(2).text == "1")
        {
            at += 4
            return .countRows
        }
        return try functionSelector()
    }

    private mutating func castSelector() throws(CQLSyntaxError) -> CQLSelector {
        at += 1
        try symbol("(")
        let inner = try selector()
        try word("as")
        let type = try type()
        try symbol(")")
        return .cast(inner, type)
    }

    private mutating func functionSelector() throws(CQLSyntaxError) -> CQLSelector {
        let called = try functionName()
        let arguments = try list(mayBeEmpty: true) {
            parser throws(CQLSyntaxError) in try parser.selector()
        }
        return .function(called, arguments)
    }

    /// `(a, b)` is a tuple, `(int) a` a hint, `(a)` itself.
    private mutating func bracketed() throws(CQLSyntaxError) -> CQLSelector {
        let mark = self
        at += 1
        if token.kind == .word || token.kind == .quotedName || token.kind == .string,
            let type = try? type(), takeSymbol(")"),
            startsSelector || (type.isNoName && startsNegative)
        {
            if isSymbol("-") { return .hint(type, try selectorFactor()) }
            let inner = try deeper { parser throws(CQLSyntaxError) in try parser.plainSelector() }
            return .hint(type, inner)
        }
        self = mark
        return .tuple(try list { parser throws(CQLSyntaxError) in try parser.selector() })
    }

    /// Whether a selector that a hint may stand before begins here.
    private var startsSelector: Bool {
        switch token.kind {
        case .string, .integer, .float, .uuid, .hex, .duration, .quotedName: true
        case .word:
            !CQLKeywords.reserved.contains(token.folded)
                && token.folded != "as"
                || ["null", "nan", "infinity", "token"].contains(token.folded)
        case .symbol: ["(", "[", "{", "?", ":"].contains(token.text)
        case .emptyName, .end: false
        }
    }

    /// Whether a negative number stands here, not an operation: Cassandra's lexer takes its sign along.
    private var startsNegative: Bool {
        guard isSymbol("-"), peek(1).offset == token.offset + 1 else { return false }
        return peek(1).kind == .integer || peek(1).kind == .float
            || (peek(1).kind == .word && ["nan", "infinity"].contains(peek(1).folded))
    }

    private mutating func bracedSelector() throws(CQLSyntaxError) -> CQLSelector {
        try symbol("{")
        if takeSymbol("}") { return .set([]) }
        let first = try selector()
        guard isSymbol(":") else {
            var items = [first]
            while takeSymbol(",") { items.append(try selector()) }
            try symbol("}")
            return .set(items)
        }
        at += 1
        var parts = [first, try selector()]
        while takeSymbol(",") {
            parts.append(try selector())
            try symbol(":")
            parts.append(try selector())
        }
        try symbol("}")
        return .map(parts)
    }
}

extension CQLTypeSyntax {
    /// Whether this can only be a type: `int`, `list<a>`, but not `a`, which may be a column.
    fileprivate var isNoName: Bool {
        guard case .named(let name) = self else { return true }
        return name.keyspace == nil && CQLType.simpleTypes[name.name] != nil
    }
}
