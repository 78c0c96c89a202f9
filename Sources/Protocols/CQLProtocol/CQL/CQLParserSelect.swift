// Parses SELECT and DESCRIBE.

extension CQLParser {
    mutating func select() throws(CQLSyntaxError) -> CQLSelect {
        at += 1
        var json = false
        var distinct = false
        if isWord("json"), !isSymbol(",", ahead: 1), !isWord("from", ahead: 1),
            !isWord("as", ahead: 1)
        {
            at += 1
            json = true
        }
        if isWord("distinct"), !isSymbol(",", ahead: 1), !isWord("from", ahead: 1),
            !isWord("as", ahead: 1)
        {
            at += 1
            distinct = true
        }
        var items: [CQLSelect.Item] = []
        if !takeSymbol("*") {
            items.append(try item())
            while takeSymbol(",") { items.append(try item()) }
        }
        try word("from")
        var select = CQLSelect(table: try qualifiedName())
        (select.items, select.distinct, select.json) = (items, distinct, json)
        if isWord("where") { select.relations = try whereClause() }
        if takeWords("group", "by") {
            select.groupBy = [try name()]
            while takeSymbol(",") { select.groupBy.append(try name()) }
        }
        if takeWords("order", "by") { select.order = try orderings() }
        if takeWords("per", "partition", "limit") {
            select.perPartitionLimit = try integerOrMarker()
        }
        if takeWord("limit") { select.limit = try integerOrMarker() }
        if takeWord("allow") {
            try word("filtering")
            select.allowFiltering = true
        }
        return select
    }

    mutating func orderings() throws(CQLSyntaxError) -> [CQLOrdering] {
        var orderings: [CQLOrdering] = []
        repeat {
            let column = try name()
            if isWord("ann") { throw failure("ORDER BY … ANN OF is not supported in this release") }
            let descending = takeWord("desc")
            if !descending { takeWord("asc") }
            orderings.append(CQLOrdering(column: column, descending: descending))
        } while takeSymbol(",")
        return orderings
    }

    private mutating func item() throws(CQLSyntaxError) -> CQLSelect.Item {
        let selector = try selector()
        let alias = takeWord("as") ? try name() : nil
        return CQLSelect.Item(selector: selector, alias: alias)
    }

    private mutating func selector() throws(CQLSyntaxError) -> CQLSelector {
        try deeper { parser throws(CQLSyntaxError) in
            var selector = try parser.simpleSelector()
            while true {
                if parser.takeSymbol(".") {
                    selector = .field(selector, try parser.name())
                } else if parser.takeSymbol("[") {
                    selector = .element(selector, try parser.term())
                    try parser.symbol("]")
                } else {
                    return selector
                }
            }
        }
    }

    private mutating func simpleSelector() throws(CQLSyntaxError) -> CQLSelector {
        if isSymbol("(", ahead: 1), token.kind == .word || token.kind == .quotedName {
            if isWord("cast") { return try cast() }
            if isWord("count"), isSymbol(")", ahead: 3),
                isSymbol("*", ahead: 2) || peek(2).text == "1"
            {
                at += 4
                return .countRows
            }
            return try functionSelector()
        }
        if isSymbol(".", ahead: 1), isSymbol("(", ahead: 3) { return try functionSelector() }
        switch token.kind {
        case .quotedName: return .column(try name())
        case .word where !["null", "true", "false", "nan", "infinity"].contains(token.folded):
            return .column(try name())
        default: return .term(try term())
        }
    }

    private mutating func cast() throws(CQLSyntaxError) -> CQLSelector {
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

    // MARK: DESCRIBE

    mutating func describe() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        var describe = CQLDescribe(subject: try describedSubject())
        if takeWord("with") {
            try word("internals")
            describe.internals = true
        }
        return .describe(describe)
    }

    private mutating func describedSubject() throws(CQLSyntaxError) -> CQLDescribe.Subject {
        let isLast = peek(1).kind == .end || isSymbol(";", ahead: 1) || isWord("with", ahead: 1)
        if isLast, token.kind == .word {
            switch token.folded {
            case "cluster": return taken(.cluster)
            case "schema": return taken(.schema(full: false))
            case "keyspaces": return taken(.keyspaces)
            case "tables": return taken(.tables)
            case "types": return taken(.types)
            case "functions": return taken(.functions)
            case "aggregates": return taken(.aggregates)
            case "keyspace": return taken(.keyspace(nil, only: false))
            default: break
            }
        }
        if takeWords("full", "schema") { return .schema(full: true) }
        if takeWords("only", "keyspace") { return .keyspace(isName ? try name() : nil, only: true) }
        if takeWord("keyspace") { return .keyspace(try name(), only: false) }
        if takeWord("table", or: "columnfamily") { return .table(try qualifiedName()) }
        if takeWord("type") { return .type(try qualifiedName()) }
        if takeWord("function") { return .function(try qualifiedName()) }
        if takeWord("aggregate") { return .aggregate(try qualifiedName()) }
        if takeWord("index") { return .index(try qualifiedName()) }
        if takeWords("materialized", "view") { return .view(try qualifiedName()) }
        return .anything(try qualifiedName())
    }

    private var isName: Bool {
        token.kind == .quotedName
            || (token.kind == .word && !CQLKeywords.reserved.contains(token.folded))
    }

    private mutating func taken(_ subject: CQLDescribe.Subject) -> CQLDescribe.Subject {
        at += 1
        return subject
    }
}
