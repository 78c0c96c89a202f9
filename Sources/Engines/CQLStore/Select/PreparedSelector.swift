// Selectors before anything says which type they are to have.

import CQLProtocol

/// A selector as far as it can be known without the type that it is wanted as.
indirect enum PreparedSelector {
    case done(TypedSelector)
    case term(CQLTerm)
    case list([PreparedSelector])
    case set([PreparedSelector])
    /// Keys and values in turn.
    case map([PreparedSelector])
    /// A user-defined value: its names may also be meant as columns, keys of a map.
    case fields([(name: String, value: PreparedSelector)], keys: [PreparedSelector]?)
    case tuple([PreparedSelector])

    var text: String {
        switch self {
        case .done(let typed): typed.name
        case .term(let term): term.description
        case .list(let parts): "[\(Self.joined(parts))]"
        case .set(let parts): "{\(Self.joined(parts))}"
        case .tuple(let parts): "(\(Self.joined(parts)))"
        case .map(let parts):
            "{"
                + stride(from: 0, to: parts.count, by: 2).map {
                    "\(parts[$0].text): \(parts[$0 + 1].text)"
                }.joined(separator: ", ") + "}"
        case .fields(let parts, _):
            "{" + parts.map { "\($0.name): \($0.value.text)" }.joined(separator: ", ") + "}"
        }
    }

    private static func joined(_ parts: [PreparedSelector]) -> String {
        parts.map(\.text).joined(separator: ", ")
    }

    var shape: ArgumentShape {
        switch self {
        case .done(let typed): return .typed(typed.type)
        case .term(let term): return ArgumentShape(ofConstant: term)
        case .list(let parts): return .list(parts.map(\.shape))
        case .set(let parts): return .set(parts.map(\.shape))
        case .tuple(let parts): return .tuple(parts.map(\.shape))
        case .map(let parts): return .entries(parts.map(\.shape))
        case .fields(let parts, _):
            return .fields(
                Dictionary(parts.map { ($0.name, $0.value.shape) }) { _, last in last })
        }
    }

    /// A value of names that are columns, where a map is wanted or nothing says what is.
    func asMap(for wanted: CQLType?) -> PreparedSelector {
        guard case .fields(let parts, let keys?) = self else { return self }
        if let wanted {
            guard case .map = wanted.withoutOuterFrozen else { return self }
        }
        return .map(zip(keys, parts).flatMap { [$0, $1.value] })
    }

    var argument: FunctionArgument { FunctionArgument(shape: shape, text: text) }
}

extension ArgumentShape {
    init(ofConstant term: CQLTerm) {
        switch term {
        case .marker: self = .anything
        case .null: self = .null
        default: self = .constant(term)
        }
    }
}
