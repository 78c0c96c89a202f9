// Parses the clauses of SELECT, and DESCRIBE.

extension CQLParser {
    mutating func select() throws(CQLSyntaxError) -> CQLSelect {
        at += 1
        let json = isSelectWord("json")
        if json { at += 1 }
        let distinct = isSelectWord("distinct")
        if distinct { at += 1 }
        var items: [CQLSelect.Item] = []
        if !takeSymbol("*") {
            items.append(try selectItem())
            while takeSymbol(",") { items.append(try selectItem()) }
        }
        try word("from")
        var select = CQLSelect(table: try qualifiedName())
        (select.items, select.distinct, select.json) = (items, distinct, json)
        if isWord("where") { select.relations = try whereClause() }
        if takeWords("group", "by") {
            select.groupBy = [try selector()]
            while takeSymbol(",") { select.groupBy.append(try selector()) }
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

    /// JSON and DISTINCT are names as well: they are meant as words where a selector follows.
    private func isSelectWord(_ word: String) -> Bool {
        guard isWord(word) else { return false }
        let next = peek(1)
        switch next.kind {
        case .end: return false
        case .symbol: return ["*", "(", "[", "{", "?", ":", "-"].contains(next.text)
        case .word: return next.folded != "from" && next.folded != "as"
        case .quotedName, .emptyName, .string, .integer, .float, .uuid, .hex, .duration:
            return true
        }
    }

    mutating func orderings() throws(CQLSyntaxError) -> [CQLOrdering] {
        var orderings: [CQLOrdering] = []
        repeat {
            let column = try columnName()
            let nearest = takeWords("ann", "of") ? try term() : nil
            let descending = takeWord("desc")
            if !descending { takeWord("asc") }
            orderings.append(
                CQLOrdering(column: column, descending: descending, nearest: nearest))
        } while takeSymbol(",")
        return orderings
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
