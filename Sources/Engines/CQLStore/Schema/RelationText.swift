// Conditions of a WHERE as text, as Cassandra keeps those of a view.

import CQLProtocol

/// Source: Cassandra's `WhereClause.toCQLString`, `Relation.toCQLString` and `Term.Raw.getText`.
enum RelationText {
    static func text(_ relations: [CQLRelation]) -> String {
        relations.map { text($0) }.joined(separator: " AND ")
    }

    private static func text(_ relation: CQLRelation) -> String {
        switch relation {
        case .compare(let name, let operation, let term):
            "\(quoted(name)) \(operation.rawValue) \(text(term))"
        case .isIn(let name, let list): "\(quoted(name)) IN \(text(list))"
        case .token(let names, let operation, let term):
            "token(\(names.map(quoted).joined(separator: ", "))) \(operation.rawValue) "
                + text(term)
        case .compareTuple(let names, let operation, let term):
            "(\(names.map(quoted).joined(separator: ", "))) \(operation.rawValue) \(text(term))"
        case .tupleIn(let names, let list):
            "(\(names.map(quoted).joined(separator: ", "))) IN \(text(list))"
        case .element(let name, let key, let operation, let term):
            "\(quoted(name))[\(text(key))] \(operation.rawValue) \(text(term))"
        case .isNotNull(let name): "\(quoted(name)) IS NOT NULL"
        case .expression(let index, let term): "expr(\(quoted(index.name)), \(text(term)))"
        }
    }

    private static func quoted(_ name: String) -> String { CQLIdentifier.quoted(name) }

    private static func text(_ list: CQLInList) -> String {
        switch list {
        case .terms(let terms): "(\(terms.map { text($0) }.joined(separator: ", ")))"
        case .marker: "?"
        }
    }

    static func text(_ term: CQLTerm) -> String {
        func all(_ terms: [CQLTerm]) -> String { terms.map { text($0) }.joined(separator: ", ") }
        switch term {
        case .null: return "NULL"
        case .string(let string): return SchemaText.literal(string)
        case .integer(let digits), .float(let digits), .uuid(let digits), .duration(let digits):
            return digits
        case .boolean(let value): return String(value)
        case .hex(let digits): return "0x" + digits
        case .list(let items): return "[\(all(items))]"
        case .set(let items): return "{\(all(items))}"
        case .map(let entries):
            let parts = entries.map { "\(text($0.key)): \(text($0.value))" }
            return "{\(parts.joined(separator: ", "))}"
        case .fields(let entries):
            let parts = entries.map { "\(quoted($0.name)): \(text($0.value))" }
            return "{\(parts.joined(separator: ", "))}"
        case .tuple(let items): return "(\(all(items)))"
        case .marker(let marker): return marker.name.map { ":\($0)" } ?? "?"
        case .function(let name, let arguments):
            let prefix = name.keyspace.map { quoted($0) + "." } ?? ""
            return "\(prefix)\(quoted(name.name))(\(all(arguments)))"
        case .hint(let type, let inner): return "(\(text(type)))\(text(inner))"
        case .cast(let inner, let type): return "CAST(\(text(inner)) AS \(text(type)))"
        case .arithmetic(let left, let operation, let right):
            return "\(text(left)) \(operation.rawValue) \(text(right))"
        case .negated(let inner): return "-\(text(inner))"
        }
    }

    private static func text(_ type: CQLTypeSyntax) -> String {
        switch type {
        case .named(let name):
            (name.keyspace.map { quoted($0) + "." } ?? "") + quoted(name.name)
        case .list(let inner): "list<\(text(inner))>"
        case .set(let inner): "set<\(text(inner))>"
        case .map(let key, let value): "map<\(text(key)), \(text(value))>"
        case .tuple(let parts): "tuple<\(parts.map { text($0) }.joined(separator: ", "))>"
        case .frozen(let inner): "frozen<\(text(inner))>"
        case .vector(let inner, let dimensions): "vector<\(text(inner)), \(dimensions)>"
        case .custom(let name): "'\(name)'"
        }
    }
}

extension CQLRelation {
    /// The columns it speaks of.
    var columns: [String] {
        switch self {
        case .compare(let name, _, _), .isIn(let name, _), .element(let name, _, _, _),
            .isNotNull(let name):
            [name]
        case .token(let names, _, _), .compareTuple(let names, _, _), .tupleIn(let names, _):
            names
        case .expression: []
        }
    }

    func renaming(_ rename: CQLRename) -> CQLRelation {
        func new(_ name: String) -> String { name == rename.old ? rename.new : name }
        switch self {
        case .compare(let name, let operation, let term):
            return .compare(new(name), operation, term)
        case .isIn(let name, let list): return .isIn(new(name), list)
        case .token(let names, let operation, let term):
            return .token(names.map(new), operation, term)
        case .compareTuple(let names, let operation, let term):
            return .compareTuple(names.map(new), operation, term)
        case .tupleIn(let names, let list): return .tupleIn(names.map(new), list)
        case .element(let name, let key, let operation, let term):
            return .element(new(name), key, operation, term)
        case .isNotNull(let name): return .isNotNull(new(name))
        case .expression: return self
        }
    }
}
