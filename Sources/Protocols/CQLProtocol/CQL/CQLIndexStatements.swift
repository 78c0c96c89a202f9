// CREATE INDEX and DROP INDEX as values, and their parsing.
// Source: Cassandra's Parser.g, createIndexStatement and dropIndexStatement.

package enum CQLIndexStatement: Sendable, Equatable {
    case create(CQLCreateIndex)
    case drop(CQLName, ifExists: Bool)
}

/// What of a column is indexed, as written.
package struct CQLIndexTarget: Sendable, Equatable {
    package enum Part: String, Sendable {
        /// The bare column.
        case simple
        case values, keys, entries, full
    }

    package var part: Part
    package var column: String
}

package struct CQLCreateIndex: Sendable, Equatable {
    /// `nil` when the store is to find a name.
    package var name: String?
    /// The keyspace in front of the index's name.
    package var nameKeyspace: String?
    package var ifNotExists: Bool
    /// `CREATE CUSTOM INDEX`
    package var isCustom: Bool
    package var table: CQLName
    package var targets: [CQLIndexTarget]
    package var className: String?
    /// `WITH OPTIONS = {…}`
    package var options: [CQLOptionEntry]
}

extension CQLParser {
    /// From `CUSTOM` or `INDEX` on.
    mutating func createIndex() throws(CQLSyntaxError) -> CQLStatement {
        let isCustom = takeWord("custom")
        try word("index")
        let ifNotExists = try ifNotExists()
        var name: CQLName?
        if !isWord("on") { name = try qualifiedName() }
        try word("on")
        let table = try qualifiedName()
        let targets = try list(mayBeEmpty: true) { parser throws(CQLSyntaxError) in
            try parser.indexTarget()
        }
        var className: String?
        if takeWord("using") {
            guard token.kind == .string else { throw unexpected(expecting: "STRING_LITERAL") }
            className = token.text
            at += 1
        }
        return .index(
            .create(
                CQLCreateIndex(
                    name: name?.name, nameKeyspace: name?.keyspace, ifNotExists: ifNotExists,
                    isCustom: isCustom, table: table, targets: targets, className: className,
                    options: try indexOptions())))
    }

    private mutating func indexTarget() throws(CQLSyntaxError) -> CQLIndexTarget {
        if token.kind == .word, isSymbol("(", ahead: 1),
            let part = CQLIndexTarget.Part(rawValue: token.folded), part != .simple
        {
            at += 2
            let column = try name()
            try symbol(")")
            return CQLIndexTarget(part: part, column: column)
        }
        return CQLIndexTarget(part: .simple, column: try name())
    }

    private mutating func indexOptions() throws(CQLSyntaxError) -> [CQLOptionEntry] {
        guard takeWord("with") else { return [] }
        var options: [CQLOptionEntry]?
        repeat {
            let mark = token
            let property = try property()
            guard property.name == "options" else {
                throw CQLSyntaxError(
                    at: mark.offset, of: bytes, "Unknown property '\(property.name)'")
            }
            guard case .map(let entries) = property.value else {
                throw CQLSyntaxError(
                    at: mark.offset, of: bytes,
                    "Invalid value for property 'options'. It should be a map.")
            }
            guard options == nil else {
                throw CQLSyntaxError(
                    at: mark.offset, of: bytes, "Multiple definition for property 'options'")
            }
            options = entries
        } while takeWord("and")
        return options ?? []
    }

    /// From `INDEX` on.
    mutating func dropIndex() throws(CQLSyntaxError) -> CQLStatement {
        try word("index")
        let ifExists = try ifExists()
        return .index(.drop(try qualifiedName(), ifExists: ifExists))
    }
}
