// Parses the conditions of WHERE and IF, and USING.

extension CQLParser {
    mutating func whereClause() throws(CQLSyntaxError) -> [CQLRelation] {
        try word("where")
        var relations = try relationOrGroup()
        while takeWord("and") { relations += try relationOrGroup() }
        return relations
    }

    /// `(a = 1)`: brackets around a relation are allowed and mean nothing.
    private mutating func relationOrGroup() throws(CQLSyntaxError) -> [CQLRelation] {
        guard isSymbol("(") else { return [try relation()] }
        let isTuple = isSymbol(",", ahead: 2) || (isSymbol(")", ahead: 2) && peek(3).kind != .end)
        if isTuple { return [try tupleRelation()] }
        return try deeper { parser throws(CQLSyntaxError) in
            try parser.symbol("(")
            var relations = try parser.relationOrGroup()
            while parser.takeWord("and") { relations += try parser.relationOrGroup() }
            try parser.symbol(")")
            return relations
        }
    }

    private mutating func relation() throws(CQLSyntaxError) -> CQLRelation {
        if isWord("token") {
            at += 1
            let columns = try list { parser throws(CQLSyntaxError) in try parser.name() }
            let operation = try comparison()
            return .token(columns, operation, try term())
        }
        if isWord("expr"), isSymbol("(", ahead: 1) {
            at += 2
            let index = try qualifiedName()
            try symbol(",")
            let value = try term()
            try symbol(")")
            return .expression(index, value)
        }
        let column = try columnName()
        if takeSymbol("[") {
            let key = try term()
            try symbol("]")
            let operation = try comparison()
            return .element(column, key, operation, try term())
        }
        if takeWord("in") { return .isIn(column, try inList()) }
        if takeWord("contains") {
            let operation: CQLOperator = takeWord("key") ? .containsKey : .contains
            return .compare(column, operation, try term())
        }
        if takeWord("like") { return .compare(column, .like, try term()) }
        if takeWord("is") {
            try word("not")
            try word("null")
            return .isNotNull(column)
        }
        let operation = try comparison()
        return .compare(column, operation, try term())
    }

    private mutating func tupleRelation() throws(CQLSyntaxError) -> CQLRelation {
        let columns = try list { parser throws(CQLSyntaxError) in try parser.name() }
        if takeWord("in") {
            if let marker = try marker() { return .tupleIn(columns, .marker(marker)) }
            let tuples = try list(mayBeEmpty: true) {
                parser throws(CQLSyntaxError) in try parser.tupleTerm()
            }
            return .tupleIn(columns, .terms(tuples))
        }
        let operation = try comparison()
        return .compareTuple(columns, operation, try tupleTerm())
    }

    /// What several columns are compared with: a tuple in brackets, or a marker for all of it.
    private mutating func tupleTerm() throws(CQLSyntaxError) -> CQLTerm {
        if let marker = try marker() { return .marker(marker) }
        guard isSymbol("(") else { throw noAlternative() }
        return .tuple(try list { parser throws(CQLSyntaxError) in try parser.term() })
    }

    private mutating func comparison() throws(CQLSyntaxError) -> CQLOperator {
        guard token.kind == .symbol, let operation = CQLOperator(rawValue: token.text) else {
            throw noAlternative()
        }
        at += 1
        return operation
    }

    private mutating func inList() throws(CQLSyntaxError) -> CQLInList {
        if let marker = try marker() { return .marker(marker) }
        return .terms(
            try list(mayBeEmpty: true) { parser throws(CQLSyntaxError) in try parser.term() })
    }

    /// `IF …` behind UPDATE and DELETE.
    mutating func conditions() throws(CQLSyntaxError) -> CQLConditions {
        guard takeWord("if") else { return .none }
        if isWord("exists"), !isSymbol("=", ahead: 1) {
            at += 1
            return .ifExists
        }
        var conditions = [try condition()]
        while takeWord("and") { conditions.append(try condition()) }
        return .all(conditions)
    }

    private mutating func condition() throws(CQLSyntaxError) -> CQLCondition {
        let column = try columnName()
        if takeSymbol("[") {
            let key = try term()
            try symbol("]")
            if takeWord("in") { return .elementIn(column, key, try inList()) }
            let operation = try comparison()
            return .element(column, key, operation, try term())
        }
        if takeSymbol(".") {
            let field = try name()
            if takeWord("in") { return .fieldIn(column, field, try inList()) }
            let operation = try comparison()
            return .field(column, field, operation, try term())
        }
        if takeWord("contains") {
            let operation: CQLOperator = takeWord("key") ? .containsKey : .contains
            return .compare(column, operation, try term())
        }
        if takeWord("in") { return .isIn(column, try inList()) }
        let operation = try comparison()
        return .compare(column, operation, try term())
    }

    mutating func using(timeToLive: Bool = true) throws(CQLSyntaxError) -> CQLUsing {
        var using = CQLUsing()
        guard takeWord("using") else { return using }
        repeat {
            if takeWord("timestamp") {
                using.timestamp = try integerOrMarker()
            } else if timeToLive, takeWord("ttl") {
                using.timeToLive = try integerOrMarker()
            } else {
                guard timeToLive else { throw unexpected(expecting: "K_TIMESTAMP") }
                throw noAlternative()
            }
        } while takeWord("and")
        return using
    }
}
