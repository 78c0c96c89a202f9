// Parses INSERT, UPDATE, DELETE and BATCH.

extension CQLParser {
    mutating func insert() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        try word("into")
        let table = try qualifiedName()
        let content: CQLInsert.Content
        if takeWord("json") {
            let value: CQLTerm
            if let marker = try marker() {
                value = .marker(marker)
            } else {
                guard token.kind == .string else { throw noAlternative() }
                value = .string(token.text)
                at += 1
            }
            var missingIsNull = true
            if takeWord("default") {
                if takeWord("unset") { missingIsNull = false } else { try word("null") }
            }
            content = .json(value, missingIsNull: missingIsNull)
        } else {
            let columns = try list { parser throws(CQLSyntaxError) in try parser.columnName() }
            try word("values")
            let terms = try list { parser throws(CQLSyntaxError) in try parser.term() }
            content = .values(columns: columns, terms: terms)
        }
        let conditions: CQLConditions = try ifNotExists() ? .ifNotExists : .none
        let using = try using()
        return .insert(
            CQLInsert(table: table, content: content, conditions: conditions, using: using))
    }

    mutating func update() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        let table = try qualifiedName()
        let using = try using()
        try word("set")
        var assignments = [try assignment()]
        while takeSymbol(",") {
            let next = try assignment()
            if assignments.contains(where: { !$0.isCompatible(with: next) }) {
                throw CQLSyntaxError.whole("Multiple incompatible setting of column \(next.column)")
            }
            assignments.append(next)
        }
        let relations = try whereClause()
        let conditions = try conditions()
        return .update(
            CQLUpdate(
                table: table, using: using, assignments: assignments, relations: relations,
                conditions: conditions))
    }

    private mutating func assignment() throws(CQLSyntaxError) -> CQLAssignment {
        let column = try columnName()
        if takeSymbol("[") {
            let key = try term()
            try symbol("]")
            try symbol("=")
            return .element(column, key, try term())
        }
        if takeSymbol(".") {
            let field = try name()
            try symbol("=")
            return .field(column, field, try term())
        }
        if isSymbol("+") || isSymbol("-") {
            let adds = isSymbol("+")
            at += 1
            try symbol("=")
            let value = try term()
            return adds ? .add(column, value) : .subtract(column, value)
        }
        try symbol("=")
        return try assignedValue(column)
    }

    /// `c = term`, `c = c + term`, `c = c - term`, `c = term + c`.
    private mutating func assignedValue(_ column: String) throws(CQLSyntaxError) -> CQLAssignment {
        let isName = token.kind == .quotedName || token.kind == .word
        if isName, isSymbol("+", ahead: 1) || isSymbol("-", ahead: 1), token.folded == column {
            let adds = isSymbol("+", ahead: 1)
            at += 2
            let value = try term()
            return adds ? .add(column, value) : .subtract(column, value)
        }
        // The lexer takes the sign of "c = c -1" for the number's.
        if isName, token.folded == column, peek(1).kind == .integer, peek(1).text.hasPrefix("-") {
            at += 1
            return .add(column, try term())
        }
        if isName, isSymbol("+", ahead: 1) || isSymbol("-", ahead: 1), !startsFunction, !isConstant
        {
            throw CQLSyntaxError.whole(
                "Only expressions of the form X = X \(peek(1).text)<value> are supported.")
        }
        // `term + c`: the name behind the plus is no term.
        let mark = self
        if let value = try? factor(), isSymbol("+"), endsWithName {
            guard peek(1).folded == column else {
                throw CQLSyntaxError.whole(
                    "Only expressions of the form X = <value> + X are supported.")
            }
            at += 2
            return .prepend(column, value)
        }
        self = mark
        return .set(column, try term())
    }

    private var isConstant: Bool {
        token.kind == .word
            && ["null", "true", "false", "nan", "infinity"].contains(token.folded)
    }

    private var startsFunction: Bool { isSymbol("(", ahead: 1) || isSymbol(".", ahead: 1) }

    /// Whether a plus and a column's name end an assignment here.
    private var endsWithName: Bool {
        let name = peek(1)
        guard name.kind == .word || name.kind == .quotedName,
            !CQLKeywords.constants.contains(name.folded),
            name.kind == .quotedName || !CQLKeywords.reserved.contains(name.folded)
        else { return false }
        return isSymbol(",", ahead: 2) || isWord("where", ahead: 2)
    }

    mutating func delete() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        var deletions: [CQLDeletion] = []
        if !isWord("from") {
            deletions.append(try deletion())
            while takeSymbol(",") { deletions.append(try deletion()) }
        }
        try word("from")
        let table = try qualifiedName()
        let using = try using(timeToLive: false)
        let relations = try whereClause()
        let conditions = try conditions()
        return .delete(
            CQLDelete(
                table: table, deletions: deletions, using: using, relations: relations,
                conditions: conditions))
    }

    private mutating func deletion() throws(CQLSyntaxError) -> CQLDeletion {
        let column = try columnName()
        if takeSymbol("[") {
            let key = try term()
            try symbol("]")
            return .element(column, key)
        }
        if takeSymbol(".") { return .field(column, try name()) }
        return .column(column)
    }

    mutating func batch() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        var kind = CQLBatch.Kind.logged
        if takeWord("unlogged") { kind = .unlogged } else if takeWord("counter") { kind = .counter }
        try word("batch")
        let using = try using()
        var statements: [CQLStatement] = []
        while !isWord("apply") {
            switch token.folded {
            case "insert" where token.kind == .word: statements.append(try insert())
            case "update" where token.kind == .word: statements.append(try update())
            case "delete" where token.kind == .word: statements.append(try delete())
            default: throw unexpected(expecting: "K_APPLY")
            }
            _ = takeSymbol(";")
        }
        at += 1
        try word("batch")
        return .batch(CQLBatch(kind: kind, using: using, statements: statements))
    }
}
