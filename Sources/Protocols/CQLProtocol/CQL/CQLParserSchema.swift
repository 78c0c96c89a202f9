// Parses CREATE, ALTER and DROP.

extension CQLParser {
    mutating func create() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        if isWord("role") || isWord("user") { return try createRole() }
        if isWord("custom") || isWord("index") { return try createIndex() }
        if takeWord("keyspace", or: "schema") {
            let ifNotExists = try ifNotExists()
            let name = try name()
            try word("with")
            return .createKeyspace(
                CQLCreateKeyspace(
                    name: name, ifNotExists: ifNotExists, properties: try properties()))
        }
        if takeWord("table", or: "columnfamily") { return .createTable(try createTable()) }
        if takeWord("type") {
            let ifNotExists = try ifNotExists()
            let name = try qualifiedName()
            var fields: [CQLColumnDefinition] = []
            try symbol("(")
            repeat {
                // A comma too many is let be, as in Cassandra's grammar.
                if !fields.isEmpty, isSymbol(",") || isSymbol(")") { continue }
                fields.append(CQLColumnDefinition(name: try self.name(), type: try type()))
            } while takeSymbol(",")
            try symbol(")")
            return .createType(
                CQLCreateType(name: name, ifNotExists: ifNotExists, fields: fields))
        }
        if isWord("materialized") { return try createView() }
        if isWord("trigger") { return try createTrigger() }
        _ = takeWords("or", "replace")
        if isWord("function") || isWord("aggregate") { return try createFunction() }
        throw noAlternative()
    }

    private mutating func createTable() throws(CQLSyntaxError) -> CQLCreateTable {
        let ifNotExists = try ifNotExists()
        var table = CQLCreateTable(name: try qualifiedName(), ifNotExists: ifNotExists)
        try symbol("(")
        repeat {
            // A comma too many is let be, as in Cassandra's grammar.
            if !table.columns.isEmpty, isSymbol(",") || isSymbol(")") { continue }
            if isWord("primary") {
                try primaryKey(&table)
                continue
            }
            var column = CQLColumnDefinition(name: try name(), type: try type())
            if takeWord("static") { column.isStatic = true }
            column.mask = try columnMask()
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
                table.order += try clusteringOrder()
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

    mutating func properties() throws(CQLSyntaxError) -> [CQLProperty] {
        var properties = [try property()]
        while takeWord("and") { properties.append(try property()) }
        return properties
    }

    mutating func property() throws(CQLSyntaxError) -> CQLProperty {
        let name = try name()
        try symbol("=")
        guard isSymbol("{") else { return CQLProperty(name: name, value: .text(try constant())) }
        var entries: [CQLOptionEntry] = []
        for entry in try propertyEntries() {
            guard let key = Self.constantText(entry.key) else {
                throw failure("Invalid property name: \(Self.described(entry.key))")
            }
            guard let value = Self.constantText(entry.value) else {
                throw failure(
                    "Invalid property value: \(Self.described(entry.value)) for property: "
                        + "'\(key)'")
            }
            guard !entries.contains(where: { $0.key == key }) else {
                throw failure("Multiple definition for property \(key)")
            }
            entries.append(CQLOptionEntry(key: key, value: value))
        }
        return CQLProperty(name: name, value: .map(entries))
    }

    private mutating func propertyEntries() throws(CQLSyntaxError) -> [CQLMapEntry] {
        try list("{", "}", mayBeEmpty: true) { parser throws(CQLSyntaxError) in
            let key = try parser.term()
            try parser.symbol(":")
            return CQLMapEntry(key: key, value: try parser.term())
        }
    }

    /// The raw text of a constant; `nil` for null, markers and everything compound.
    private static func constantText(_ term: CQLTerm) -> String? {
        switch term {
        case .string(let text), .integer(let text), .float(let text), .uuid(let text),
            .duration(let text):
            text
        case .hex(let digits): "0x" + digits
        case .boolean(let value): String(value)
        case .negated(.integer(let text)), .negated(.float(let text)): "-" + text
        case .null, .list, .set, .map, .fields, .tuple, .marker, .function, .hint, .cast,
            .arithmetic, .negated:
            nil
        }
    }

    private static func described(_ term: CQLTerm) -> String {
        if case .null = term { return "NULL" }
        guard case .marker(let marker) = term else { return "not a constant" }
        return (marker.name.map { ":" + $0 } ?? "?")
            + " (bind variables are not supported in DDL queries)"
    }

    /// A constant as its text: strings, numbers, booleans, words and ids.
    private mutating func constant() throws(CQLSyntaxError) -> String {
        let sign = takeSymbol("-") ? "-" : ""
        switch token.kind {
        case .string, .integer, .float, .uuid, .hex, .duration: break
        case .word where ["true", "false", "nan", "infinity"].contains(token.folded): break
        // `propertyValue` of the grammar: a constant or an unreserved keyword.
        case .word where !CQLKeywords.reserved.contains(token.folded): break
        case .word, .quotedName, .emptyName, .symbol, .end: throw noAlternative()
        }
        defer { at += 1 }
        return sign + (token.kind == .word ? token.folded : token.text)
    }

    mutating func alter() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        if isWord("role") || isWord("user") { return try alterRole() }
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
        if takeWord("type") { return try alterType() }
        if isWord("materialized") { return try alterView() }
        throw noAlternative()
    }

    private mutating func tableChange() throws(CQLSyntaxError) -> CQLAlterTable.Change {
        if takeWord("alter") { return try columnChange() }
        if takeWord("add") {
            let ifNotExists = try ifNotExists()
            if isSymbol("(") {
                return .add(
                    try list { parser throws(CQLSyntaxError) in try parser.addedColumn() },
                    ifNotExists: ifNotExists)
            }
            return .add([try addedColumn()], ifNotExists: ifNotExists)
        }
        if takeWords("drop", "compact", "storage") { return .dropCompactStorage }
        if takeWord("drop") { return try droppedColumns() }
        if takeWord("rename") {
            let ifExists = try ifExists()
            return .rename(try renames(), ifExists: ifExists)
        }
        try word("with")
        return .with(try properties())
    }

    private mutating func droppedColumns() throws(CQLSyntaxError) -> CQLAlterTable.Change {
        let ifExists = try ifExists()
        let columns =
            isSymbol("(")
            ? try list { parser throws(CQLSyntaxError) in try parser.name() } : [try name()]
        var timestamp: Int64?
        if takeWord("using") {
            try word("timestamp")
            guard token.kind == .integer, let value = Int64(token.text) else {
                throw unexpected(expecting: "INTEGER")
            }
            timestamp = value
            at += 1
        }
        return .drop(columns, ifExists: ifExists, timestamp: timestamp)
    }

    /// Behind `ALTER TABLE … ALTER`.
    private mutating func columnChange() throws(CQLSyntaxError) -> CQLAlterTable.Change {
        let ifExists = try ifExists()
        let column = try name()
        if let mask = try columnMask() { return .mask(column, mask, ifExists: ifExists) }
        if takeWord("drop") {
            try word("masked")
            return .mask(column, nil, ifExists: ifExists)
        }
        try word("type")
        _ = try type()
        return .changeType(column)
    }

    private mutating func addedColumn() throws(CQLSyntaxError) -> CQLColumnDefinition {
        var column = CQLColumnDefinition(name: try name(), type: try type())
        if takeWord("static") { column.isStatic = true }
        column.mask = try columnMask()
        return column
    }

    /// `MASKED WITH DEFAULT` or `MASKED WITH function(…)`.
    private mutating func columnMask() throws(CQLSyntaxError) -> CQLColumnMask? {
        guard takeWord("masked") else { return nil }
        try word("with")
        if takeWord("default") {
            return CQLColumnMask(function: CQLName(keyspace: "system", "mask_default"))
        }
        let function = try qualifiedName()
        let arguments = try list(mayBeEmpty: true) { parser throws(CQLSyntaxError) in
            try parser.term()
        }
        return CQLColumnMask(function: function, arguments: arguments)
    }

    mutating func drop() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        if isWord("role") || isWord("user") { return try dropRole() }
        if isWord("identity") { return try dropIdentity() }
        if isWord("index") { return try dropIndex() }
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
        if isWord("materialized") { return try dropView() }
        if isWord("function") || isWord("aggregate") { return try dropFunction() }
        if isWord("trigger") { return try dropTrigger() }
        throw noAlternative()
    }
}
