// Parses CREATE, ALTER and DROP.

extension CQLParser {
    mutating func create() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        if takeWord("keyspace", or: "schema") {
            let ifNotExists = try ifNotExists()
            let name = try name()
            return .createKeyspace(
                CQLCreateKeyspace(
                    name: name, ifNotExists: ifNotExists, properties: try optionalProperties()))
        }
        if takeWord("table", or: "columnfamily") { return .createTable(try createTable()) }
        if takeWord("type") {
            let ifNotExists = try ifNotExists()
            let name = try qualifiedName()
            let fields = try list { parser throws(CQLSyntaxError) in
                CQLColumnDefinition(name: try parser.name(), type: try parser.type())
            }
            return .createType(
                CQLCreateType(name: name, ifNotExists: ifNotExists, fields: fields))
        }
        let others = [
            "custom", "index", "role", "user", "function", "aggregate", "trigger", "materialized",
            "or",
        ]
        guard token.kind == .word, others.contains(token.folded) else { throw noAlternative() }
        return try notServed("CREATE \(token.text.uppercased())")
    }

    private mutating func createTable() throws(CQLSyntaxError) -> CQLCreateTable {
        let ifNotExists = try ifNotExists()
        var table = CQLCreateTable(name: try qualifiedName(), ifNotExists: ifNotExists)
        try symbol("(")
        repeat {
            if isWord("primary") {
                try primaryKey(&table)
                continue
            }
            var column = CQLColumnDefinition(name: try name(), type: try type())
            if takeWord("static") { column.isStatic = true }
            if takeWord("primary") {
                try word("key")
                column.isPrimaryKey = true
                table.primaryKeyCount += 1
            }
            table.columns.append(column)
        } while takeSymbol(",")
        try symbol(")")
        guard takeWord("with") else { return table }
        repeat {
            if takeWords("clustering", "order") {
                try word("by")
                table.order += try list { parser throws(CQLSyntaxError) in
                    let column = try parser.name()
                    let descending = parser.takeWord("desc")
                    if !descending { try parser.word("asc") }
                    return CQLOrdering(column: column, descending: descending)
                }
            } else if takeWords("compact", "storage") {
                table.compactStorage = true
            } else {
                table.properties.append(try property())
            }
        } while takeWord("and")
        return table
    }

    private mutating func primaryKey(_ table: inout CQLCreateTable) throws(CQLSyntaxError) {
        at += 1
        try word("key")
        try symbol("(")
        if isSymbol("(") {
            table.partitionKey = try list { parser throws(CQLSyntaxError) in try parser.name() }
        } else {
            table.partitionKey = [try name()]
        }
        while takeSymbol(",") { table.clustering.append(try name()) }
        try symbol(")")
        table.primaryKeyCount += 1
    }

    private mutating func optionalProperties() throws(CQLSyntaxError) -> [CQLProperty] {
        takeWord("with") ? try properties() : []
    }

    private mutating func properties() throws(CQLSyntaxError) -> [CQLProperty] {
        var properties = [try property()]
        while takeWord("and") { properties.append(try property()) }
        return properties
    }

    private mutating func property() throws(CQLSyntaxError) -> CQLProperty {
        let name = try name()
        try symbol("=")
        guard isSymbol("{") else { return CQLProperty(name: name, value: .text(try constant())) }
        let entries = try list("{", "}", mayBeEmpty: true) { parser throws(CQLSyntaxError) in
            let key = try parser.constant()
            try parser.symbol(":")
            return CQLOptionEntry(key: key, value: try parser.constant())
        }
        return CQLProperty(name: name, value: .map(entries))
    }

    /// A constant as its text: strings, numbers, booleans, words and ids.
    private mutating func constant() throws(CQLSyntaxError) -> String {
        let sign = takeSymbol("-") ? "-" : ""
        switch token.kind {
        case .string, .integer, .float, .uuid, .hex, .duration: break
        case .word where ["true", "false", "nan", "infinity"].contains(token.folded): break
        case .word where !CQLKeywords.reserved.contains(token.folded): break
        default: throw noAlternative()
        }
        defer { at += 1 }
        return sign + (token.kind == .word ? token.folded : token.text)
    }

    mutating func alter() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        if takeWord("keyspace", or: "schema") {
            let ifExists = try ifExists()
            let name = try name()
            try word("with")
            return .alterKeyspace(
                CQLAlterKeyspace(name: name, ifExists: ifExists, properties: try properties()))
        }
        if takeWord("table", or: "columnfamily") {
            let ifExists = try ifExists()
            let name = try qualifiedName()
            return .alterTable(
                CQLAlterTable(name: name, ifExists: ifExists, change: try tableChange()))
        }
        guard token.kind == .word, ["type", "role", "user", "materialized"].contains(token.folded)
        else { throw noAlternative() }
        return try notServed("ALTER \(token.text.uppercased())")
    }

    private mutating func tableChange() throws(CQLSyntaxError) -> CQLAlterTable.Change {
        if takeWord("add") {
            let ifNotExists = try ifNotExists()
            if isSymbol("(") {
                return .add(
                    try list { parser throws(CQLSyntaxError) in try parser.addedColumn() },
                    ifNotExists: ifNotExists)
            }
            var columns = [try addedColumn()]
            while takeSymbol(",") { columns.append(try addedColumn()) }
            return .add(columns, ifNotExists: ifNotExists)
        }
        if takeWord("drop") {
            let ifExists = try ifExists()
            if isSymbol("(") {
                return .drop(
                    try list { parser throws(CQLSyntaxError) in try parser.name() },
                    ifExists: ifExists)
            }
            var columns = [try name()]
            while takeSymbol(",") { columns.append(try name()) }
            if takeWord("using") {
                try word("timestamp")
                _ = try integerOrMarker()
            }
            return .drop(columns, ifExists: ifExists)
        }
        if takeWord("rename") {
            _ = try ifExists()
            var renames: [CQLOptionEntry] = []
            repeat {
                let old = try name()
                try word("to")
                renames.append(CQLOptionEntry(key: old, value: try name()))
            } while takeWord("and")
            return .rename(renames)
        }
        try word("with")
        return .with(try properties())
    }

    private mutating func addedColumn() throws(CQLSyntaxError) -> CQLColumnDefinition {
        var column = CQLColumnDefinition(name: try name(), type: try type())
        if takeWord("static") { column.isStatic = true }
        return column
    }

    mutating func drop() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        if takeWord("keyspace", or: "schema") {
            let ifExists = try ifExists()
            return .dropKeyspace(name: try name(), ifExists: ifExists)
        }
        if takeWord("table", or: "columnfamily") {
            let ifExists = try ifExists()
            return .dropTable(try qualifiedName(), ifExists: ifExists)
        }
        if takeWord("type") {
            let ifExists = try ifExists()
            return .dropType(try qualifiedName(), ifExists: ifExists)
        }
        let others = [
            "index", "role", "user", "function", "aggregate", "trigger", "materialized",
        ]
        guard token.kind == .word, others.contains(token.folded) else { throw noAlternative() }
        return try notServed("DROP \(token.text.uppercased())")
    }
}
