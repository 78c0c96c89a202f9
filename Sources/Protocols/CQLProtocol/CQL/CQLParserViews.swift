// Parses statements about materialized views, functions, aggregates and triggers.

extension CQLParser {
    /// Parses what stands behind WHERE alone: `a IS NOT NULL AND b = 1`.
    package static func parseRelations(_ text: String) throws(CQLSyntaxError) -> [CQLRelation] {
        guard !text.isEmpty else { return [] }
        guard case .select(let select) = try parse("SELECT * FROM t WHERE " + text) else {
            return []
        }
        return select.relations
    }

    mutating func createView() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        try word("view")
        let ifNotExists = try ifNotExists()
        var view = CQLCreateView(
            name: try qualifiedName(), ifNotExists: ifNotExists, base: CQLName(""))
        try word("as")
        guard isWord("select") else { throw unexpected(expecting: "K_SELECT") }
        let select = try select()
        (view.items, view.base, view.relations) = (select.items, select.table, select.relations)
        let isPlain =
            !select.distinct && !select.json && select.groupBy.isEmpty && select.order.isEmpty
            && select.limit == nil && select.perPartitionLimit == nil && !select.allowFiltering
        guard isPlain else { throw noAlternative() }
        try word("primary")
        try word("key")
        try symbol("(")
        if isSymbol("(") {
            view.partitionKey = try list { parser throws(CQLSyntaxError) in try parser.name() }
        } else {
            view.partitionKey = [try name()]
        }
        while takeSymbol(",") { view.clustering.append(try name()) }
        try symbol(")")
        guard takeWord("with") else { return .createView(view) }
        repeat {
            if isWord("compact"), isWord("storage", ahead: 1) {
                throw failure(
                    "COMPACT STORAGE tables are not allowed starting with version 4.0")
            }
            if takeWords("clustering", "order") {
                view.order += try clusteringOrder()
            } else {
                view.properties.append(try property())
            }
        } while takeWord("and")
        return .createView(view)
    }

    mutating func alterView() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        try word("view")
        let ifExists = try ifExists()
        let name = try qualifiedName()
        try word("with")
        return .alterView(
            CQLAlterView(name: name, ifExists: ifExists, properties: try properties()))
    }

    mutating func dropView() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        try word("view")
        let ifExists = try ifExists()
        return .dropView(try qualifiedName(), ifExists: ifExists)
    }

    /// `(column ASC, …)` behind `CLUSTERING ORDER`.
    mutating func clusteringOrder() throws(CQLSyntaxError) -> [CQLOrdering] {
        try word("by")
        return try list { parser throws(CQLSyntaxError) in
            let column = try parser.name()
            let descending = parser.takeWord("desc")
            if !descending { try parser.word("asc") }
            return CQLOrdering(column: column, descending: descending)
        }
    }

    // MARK: Functions

    /// Behind `CREATE [OR REPLACE]`.
    mutating func createFunction() throws(CQLSyntaxError) -> CQLStatement {
        let isAggregate = isWord("aggregate")
        at += 1
        _ = try ifNotExists()
        let name = try qualifiedName()
        var types: [CQLTypeSyntax] = []
        try symbol("(")
        if !isSymbol(")") {
            repeat {
                if !isAggregate { _ = try self.name() }
                types.append(try type())
            } while takeSymbol(",")
        }
        try symbol(")")
        if isAggregate { try aggregateBody() } else { try functionBody() }
        return .function(
            CQLFunctionStatement(
                name: name, isAggregate: isAggregate, action: .create, argumentTypes: types))
    }

    private mutating func aggregateBody() throws(CQLSyntaxError) {
        try word("sfunc")
        _ = try name()
        try word("stype")
        _ = try type()
        if takeWord("finalfunc") { _ = try name() }
        if takeWord("initcond") { _ = try term() }
    }

    private mutating func functionBody() throws(CQLSyntaxError) {
        if takeWord("returns") { try word("null") } else { try word("called") }
        try word("on")
        try word("null")
        try word("input")
        try word("returns")
        _ = try type()
        try word("language")
        guard token.kind == .word else { throw noAlternative() }
        at += 1
        try word("as")
        guard token.kind == .string else { throw unexpected(expecting: "STRING_LITERAL") }
        at += 1
    }

    mutating func dropFunction() throws(CQLSyntaxError) -> CQLStatement {
        let isAggregate = isWord("aggregate")
        at += 1
        let ifExists = try ifExists()
        let name = try qualifiedName()
        var types: [CQLTypeSyntax]?
        if isSymbol("(") {
            types = try list(mayBeEmpty: true) { parser throws(CQLSyntaxError) in
                try parser.type()
            }
        }
        return .function(
            CQLFunctionStatement(
                name: name, isAggregate: isAggregate, action: .drop(ifExists: ifExists),
                argumentTypes: types))
    }

    // MARK: Triggers

    mutating func createTrigger() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        let ifNotExists = try ifNotExists()
        let name = try name()
        try word("on")
        let table = try qualifiedName()
        try word("using")
        guard token.kind == .string else { throw unexpected(expecting: "STRING_LITERAL") }
        let className = token.text
        at += 1
        return .trigger(
            CQLTriggerStatement(
                name: name, table: table,
                action: .create(className: className, ifNotExists: ifNotExists)))
    }

    mutating func dropTrigger() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        let ifExists = try ifExists()
        let name = try name()
        try word("on")
        return .trigger(
            CQLTriggerStatement(
                name: name, table: try qualifiedName(), action: .drop(ifExists: ifExists)))
    }

    // MARK: Types

    /// Behind `ALTER TYPE`.
    mutating func alterType() throws(CQLSyntaxError) -> CQLStatement {
        let ifExists = try ifExists()
        let name = try qualifiedName()
        let change: CQLAlterType.Change
        if takeWord("alter") {
            let field = try self.name()
            try word("type")
            _ = try type()
            change = .changeType(field)
        } else if takeWord("add") {
            let ifNotExists = try ifNotExists()
            change = .add(try self.name(), try type(), ifNotExists: ifNotExists)
        } else {
            try word("rename")
            let ifExists = try self.ifExists()
            change = .rename(try renames(), ifExists: ifExists)
        }
        return .alterType(CQLAlterType(name: name, ifExists: ifExists, change: change))
    }

    mutating func renames() throws(CQLSyntaxError) -> [CQLRename] {
        var renames: [CQLRename] = []
        repeat {
            let old = try name()
            try word("to")
            renames.append(CQLRename(old: old, new: try name()))
        } while takeWord("and")
        return renames
    }
}
