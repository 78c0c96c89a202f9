// Types as Cassandra's schema tables and DESCRIBE show them.

import CQLProtocol

enum TypeText {
    /// With `frozen` wherever a value is one cell: also around tuples, and around what stands
    /// inside of something frozen, whether it was written there or not.
    ///
    /// - Parameter isFrozen: whether it stands inside of something frozen.
    static func shown(_ type: CQLType, isFrozen: Bool = false) -> String {
        func wrapped(_ text: String) -> String { isFrozen ? "frozen<\(text)>" : text }
        func inner(_ type: CQLType) -> String { shown(type, isFrozen: isFrozen) }
        switch type {
        case .frozen(let inner): return shown(inner, isFrozen: true)
        case .list(let element): return wrapped("list<\(inner(element))>")
        case .set(let element): return wrapped("set<\(inner(element))>")
        case .map(let key, let value): return wrapped("map<\(inner(key)), \(inner(value))>")
        case .tuple(let parts):
            let shownParts = parts.map { shown($0, isFrozen: true) }.joined(separator: ", ")
            return "frozen<tuple<\(shownParts)>>"
        case .udt(let user): return wrapped(CQLIdentifier.quoted(user.name))
        case .vector(let element, let dimensions):
            return "vector<\(shown(element, isFrozen: true)), \(dimensions)>"
        case .ascii, .bigint, .blob, .boolean, .counter, .decimal, .double, .float, .int,
            .timestamp, .uuid, .text, .varint, .timeuuid, .inet, .date, .time, .smallint, .tinyint,
            .duration, .custom:
            return type.description
        }
    }
}
