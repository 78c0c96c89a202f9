// Terms as messages show them.

extension CQLTerm: CustomStringConvertible {
    /// As Cassandra writes a term in its messages: strings in quotes, markers as `?`.
    package var description: String {
        switch self {
        case .null: "NULL"
        case .string(let text): "'\(text)'"
        case .integer(let text), .float(let text), .uuid(let text), .duration(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .hex(let digits): "0x" + digits
        case .list(let items): "[" + Self.joined(items) + "]"
        case .set(let items): "{" + Self.joined(items) + "}"
        case .map(let entries):
            "{" + entries.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        case .fields(let entries):
            "{" + entries.map { "\($0.name): \($0.value)" }.joined(separator: ", ") + "}"
        case .tuple(let items): "(" + Self.joined(items) + ")"
        case .marker(let marker): marker.name.map { ":" + $0 } ?? "?"
        case .function(let name, let arguments):
            (name.keyspace.map { $0 + "." } ?? "") + "\(name.name)(\(Self.joined(arguments)))"
        case .hint(let type, let term): "(\(type.text))\(term)"
        case .cast(let term, let type): "CAST(\(term) AS \(type.text))"
        case .arithmetic(let left, let operation, let right):
            "\(left) \(operation.rawValue) \(right)"
        case .negated(let term): "-\(term)"
        }
    }

    private static func joined(_ terms: [CQLTerm]) -> String {
        terms.map(\.description).joined(separator: ", ")
    }
}

extension CQLTypeSyntax {
    /// As it was written, blanks aside.
    package var text: String {
        switch self {
        case .named(let name): (name.keyspace.map { $0 + "." } ?? "") + name.name
        case .list(let element): "list<\(element.text)>"
        case .set(let element): "set<\(element.text)>"
        case .map(let key, let value): "map<\(key.text), \(value.text)>"
        case .tuple(let parts): "tuple<\(parts.map(\.text).joined(separator: ", "))>"
        case .frozen(let inner): "frozen<\(inner.text)>"
        case .vector(let element, let dimensions): "vector<\(element.text), \(dimensions)>"
        case .custom(let name): "'\(name)'"
        }
    }
}
