// The entry of the CQL parser and its cursor over the tokens.
// Source: Cassandra's Parser.g, restated by hand as a recursive descent.

/// Parses one statement. Later passes give names and terms their types.
package struct CQLParser {
    /// Brackets, hints and functions inside each other, at most.
    package static let depthMax = 64
    /// The longest name: a `[string]` of the protocol.
    package static let nameBytesMax = 65_535
    /// How deep what is parsed may be, chains of operations included: it is walked by recursion.
    package static let treeDepthMax = 160

    let bytes: [UInt8]
    var tokens: [CQLToken]
    var at = 0
    var markerCount = 0
    var depth = 0

    /// - Parameter text: one statement; a semicolon may end it.
    package static func parse(_ text: String) throws(CQLSyntaxError) -> CQLStatement {
        var parser = try CQLParser(text)
        let statement = try parser.statement()
        while parser.takeSymbol(";") {}
        guard parser.token.kind == .end else { throw parser.unexpected(expecting: "EOF") }
        return statement
    }

    /// Parses a type alone: `map<text, frozen<list<int>>>`.
    package static func parseType(_ text: String) throws(CQLSyntaxError) -> CQLTypeSyntax {
        var parser = try CQLParser(text)
        let type = try parser.type()
        guard parser.token.kind == .end else { throw parser.unexpected(expecting: "EOF") }
        return type
    }

    private init(_ text: String) throws(CQLSyntaxError) {
        bytes = Array(text.utf8)
        tokens = try CQLLexer.tokens(of: bytes)
    }

    private mutating func statement() throws(CQLSyntaxError) -> CQLStatement {
        guard token.kind == .word else { throw noAlternative() }
        switch token.folded {
        case "select": return .select(try select())
        case "insert": return try insert()
        case "update": return try update()
        case "delete": return try delete()
        case "begin": return try batch()
        case "use":
            at += 1
            return .use(keyspace: try name())
        case "create": return try create()
        case "alter": return try alter()
        case "drop": return try drop()
        case "truncate":
            at += 1
            takeWord("table", or: "columnfamily")
            return .truncate(try qualifiedName())
        case "describe", "desc": return try describe()
        case "grant", "revoke": return try grantOrRevoke()
        case "list": return try listStatement()
        case "add": return try addIdentity()
        default: throw noAlternative()
        }
    }
}

extension CQLParser {
    var token: CQLToken { tokens[at] }

    func peek(_ ahead: Int) -> CQLToken { tokens[min(at + ahead, tokens.count - 1)] }

    func isSymbol(_ text: String, ahead: Int = 0) -> Bool {
        let next = peek(ahead)
        return next.kind == .symbol && next.text == text
    }

    func isWord(_ word: String, ahead: Int = 0) -> Bool {
        let next = peek(ahead)
        return next.kind == .word && next.folded == word
    }

    mutating func takeSymbol(_ text: String) -> Bool {
        guard isSymbol(text) else { return false }
        at += 1
        return true
    }

    @discardableResult
    mutating func takeWord(_ word: String, or other: String? = nil) -> Bool {
        guard isWord(word) || (other.map { isWord($0) } ?? false) else { return false }
        at += 1
        return true
    }

    /// Takes all the words or none.
    mutating func takeWords(_ words: String...) -> Bool {
        for (index, word) in words.enumerated() where !isWord(word, ahead: index) { return false }
        at += words.count
        return true
    }

    mutating func symbol(_ text: String) throws(CQLSyntaxError) {
        guard takeSymbol(text) else { throw unexpected(expecting: "'\(text)'") }
    }

    mutating func word(_ word: String) throws(CQLSyntaxError) {
        guard takeWord(word) else { throw unexpected(expecting: "K_\(word.uppercased())") }
    }

    func failure(_ message: String) -> CQLSyntaxError {
        CQLSyntaxError(at: token.offset, of: bytes, message + snippet(from: at))
    }

    /// The token that is wrong and what stands before it, as Cassandra shows them:
    /// ` (...VALUES (1, [FROM]...)`.
    ///
    /// - Parameter start: the word that was being read, when it is not the wrong token itself.
    private func snippet(from start: Int) -> String {
        guard token.kind != .end else { return "" }
        let first = max(0, start - Self.snippetTokens)
        let before = bytes[tokens[first].offset..<tokens[start].offset]
        var shown = "[\(tokens[start].shown)]"
        if start < at {
            let end = tokens[start].offset + tokens[start].text.utf8.count
            shown += String(decoding: bytes[end..<token.offset], as: UTF8.self) + token.shown
        }
        return " (" + (first > 0 ? "..." : "") + String(decoding: before, as: UTF8.self) + shown
            + (peek(1).kind == .end ? "" : "...") + ")"
    }

    /// Tokens that an error shows before the one that is wrong.
    private static let snippetTokens = 6

    func unexpected(expecting what: String) -> CQLSyntaxError {
        failure("mismatched input '\(token.shown)' expecting \(what)")
    }

    func noAlternative() -> CQLSyntaxError {
        failure("no viable alternative at input '\(token.shown)'")
    }

    /// What began at `start` could have gone on, but not with this token.
    func noAlternative(from start: Int) -> CQLSyntaxError {
        CQLSyntaxError(
            at: token.offset, of: bytes,
            "no viable alternative at input '\(token.shown)'" + snippet(from: start))
    }

    mutating func deeper<Value>(
        _ body: (inout CQLParser) throws(CQLSyntaxError) -> Value
    ) throws(CQLSyntaxError) -> Value {
        guard depth < Self.depthMax else {
            throw failure("more than \(Self.depthMax) levels of nesting")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    /// A name: a word that is not reserved, folded, or a quoted one as it is.
    mutating func name() throws(CQLSyntaxError) -> String {
        switch token.kind {
        case .quotedName: break
        case .word
        where !CQLKeywords.reserved.contains(token.folded)
            && !CQLKeywords.constants.contains(token.folded):
            break
        default: throw noAlternative()
        }
        guard token.folded.utf8.count <= Self.nameBytesMax else {
            throw failure("a name of more than \(Self.nameBytesMax) bytes")
        }
        defer { at += 1 }
        return token.folded
    }

    /// The name of a column in a statement on rows: Cassandra reads `""` there, and finds no such
    /// column.
    mutating func columnName() throws(CQLSyntaxError) -> String {
        guard token.kind == .emptyName else { return try name() }
        at += 1
        return ""
    }

    /// A function's name: `token`, which is reserved, may stand behind a keyspace too.
    mutating func functionName() throws(CQLSyntaxError) -> CQLName {
        if isWord("token") {
            at += 1
            return CQLName("token")
        }
        guard isSymbol(".", ahead: 1), isWord("token", ahead: 2) else {
            return try qualifiedName()
        }
        let keyspace = try name()
        at += 2
        return CQLName(keyspace: keyspace, "token")
    }

    mutating func qualifiedName() throws(CQLSyntaxError) -> CQLName {
        let first = try name()
        guard takeSymbol(".") else { return CQLName(first) }
        return CQLName(keyspace: first, try name())
    }

    /// `( item, item )`, one at least.
    mutating func list<Item>(
        _ open: String = "(", _ close: String = ")", mayBeEmpty: Bool = false,
        _ item: (inout CQLParser) throws(CQLSyntaxError) -> Item
    ) throws(CQLSyntaxError) -> [Item] {
        try symbol(open)
        if mayBeEmpty, takeSymbol(close) { return [] }
        var items = [try item(&self)]
        while takeSymbol(",") { items.append(try item(&self)) }
        try symbol(close)
        return items
    }

    mutating func marker() throws(CQLSyntaxError) -> CQLMarker? {
        if takeSymbol("?") {
            defer { markerCount += 1 }
            return CQLMarker(index: markerCount, name: nil)
        }
        guard isSymbol(":") else { return nil }
        at += 1
        let bound = try name()
        defer { markerCount += 1 }
        return CQLMarker(index: markerCount, name: bound)
    }

    mutating func ifNotExists() throws(CQLSyntaxError) -> Bool {
        guard takeWord("if") else { return false }
        try word("not")
        try word("exists")
        return true
    }

    mutating func ifExists() throws(CQLSyntaxError) -> Bool {
        guard takeWord("if") else { return false }
        try word("exists")
        return true
    }
}
