// Parses what SELECT selects: columns, functions, arithmetic, constants.
// Source: Cassandra's Parser.g from `selector` to `selectionFunctionArgs`.

extension CQLParser {
    mutating func selectItem() throws(CQLSyntaxError) -> CQLSelect.Item {
        let selector = try selector()
        let alias = takeWord("as") ? try name() : nil
        return CQLSelect.Item(selector: selector, alias: alias)
    }

    mutating func selector() throws(CQLSyntaxError) -> CQLSelector {
        let selector = try selectorInside()
        guard depth > 0 || !selector.isDeeper(than: Self.treeDepthMax) else { throw tooDeep }
        return selector
    }

    private mutating func selectorInside() throws(CQLSyntaxError) -> CQLSelector {
        try deeper { parser throws(CQLSyntaxError) in
            var left = try parser.selectorProduct()
            var operations = 0
            while parser.isSymbol("+") || parser.isSymbol("-") {
                operations += 1
                try parser.checkOperations(operations)
                let operation: CQLArithmetic = parser.isSymbol("+") ? .add : .subtract
                parser.at += 1
                left = .arithmetic(left, operation, try parser.selectorProduct())
            }
            return left
        }
    }

    private mutating func selectorProduct() throws(CQLSyntaxError) -> CQLSelector {
        var left = try selectorFactor()
        var operations = 0
        while token.kind == .symbol, let operation = CQLArithmetic(rawValue: token.text),
            operation != .add, operation != .subtract
        {
            operations += 1
            try checkOperations(operations)
            at += 1
            left = .arithmetic(left, operation, try selectorFactor())
        }
        return left
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
        case .word, .string, .uuid, .hex, .end: break
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
        let called: CQLName
        if isWord("token") {
            at += 1
            called = CQLName("token")
        } else {
            called = try qualifiedName()
        }
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
            let type = try? type(), takeSymbol(")"), startsSelector
        {
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
        case .end: false
        }
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
