// Parts of columns in a SELECT: elements, slices, fields, and the times of cells.

import CQLProtocol

extension SelectionCompiler {
    /// An element, a slice or a field of another selector.
    mutating func part(_ selector: CQLSelector) throws(StatementError) -> TypedSelector {
        switch selector {
        case .element(let inner, let key):
            let typed = try self.typed(inner)
            let (keyType, receiver, result) = try elementTypes(typed, "Element")
            return TypedSelector(
                plan: .element(
                    typed.plan, typed.type,
                    try terms.compile(key, as: keyType, receiver: receiver)),
                name: "\(typed.name)[\(key)]", type: result)
        case .slice(let inner, let from, let to):
            let typed = try self.typed(inner)
            let (keyType, receiver, _) = try elementTypes(typed, "Slice")
            return TypedSelector(
                plan: .slice(
                    typed.plan, typed.type, from: try bound(from, keyType, receiver),
                    to: try bound(to, keyType, receiver)),
                name: "\(typed.name)[\(Self.shown(from))..\(Self.shown(to))]", type: typed.type)
        case .field(let inner, let name):
            let typed = try self.typed(inner)
            let (index, type) = try field(name, typed)
            return TypedSelector(
                plan: .field(typed.plan, index), name: "\(typed.name).\(name)", type: type)
        case .column, .countRows, .function, .cast, .hint, .list, .set, .map, .tuple, .arithmetic,
            .negated, .term:
            return try typed(selector)
        }
    }

    private mutating func typed(_ selector: CQLSelector) throws(StatementError) -> TypedSelector {
        let prepared = try prepare(selector)
        // What has parts is no tuple of one: the brackets only group.
        if case .tuple(let items) = prepared, items.count == 1 {
            var typed = try finish(items[0], as: nil)
            typed.name = "(\(typed.name))"
            return typed
        }
        return try finish(prepared, as: nil)
    }

    private static func shown(_ term: CQLTerm?) -> String { term?.description ?? "" }

    private mutating func bound(
        _ term: CQLTerm?, _ type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression? {
        guard let term else { return nil }
        return try terms.compile(term, as: type, receiver: receiver)
    }

    private func elementTypes(
        _ typed: TypedSelector, _ what: String
    ) throws(StatementError) -> (key: CQLType, receiver: String, result: CQLType) {
        switch typed.type.withoutOuterFrozen {
        case .map(let key, let value): return (key, "key(\(typed.name))", value)
        case .set(let element): return (element, "value(\(typed.name))", element)
        case .list:
            throw .invalid(
                "\(what) selection is only allowed on sets and maps, but \(typed.name) is a list")
        default:
            throw .invalid(
                "Invalid \(what.lowercased()) selection: \(typed.name) is of type "
                    + "\(typed.type) is not a collection")
        }
    }

    private func field(
        _ name: String, _ typed: TypedSelector
    ) throws(StatementError) -> (Int, CQLType) {
        guard case .udt(let user) = typed.type.withoutOuterFrozen else {
            throw .invalid(
                "Invalid field selection: \(typed.name) of type \(typed.type) is not a user type")
        }
        guard let index = user.fields.firstIndex(where: { $0.name == name }) else {
            throw .invalid(
                "Invalid field selection: \(typed.name) of type \(typed.type) has no field "
                    + name)
        }
        return (index, user.fields[index].type)
    }

    // MARK: Times

    mutating func times(
        _ kind: CellTimesPlan.Kind, _ arguments: [CQLSelector]
    ) throws(StatementError) -> TypedSelector {
        guard arguments.count == 1 else {
            throw .syntax("no viable alternative at input '\(kind.rawValue)'")
        }
        var path: [CQLSelector] = []
        var inner = arguments[0]
        walk: while true {
            switch inner {
            case .element(let outer, _), .slice(let outer, _, _), .field(let outer, _):
                path.append(inner)
                inner = outer
            case .column, .countRows, .function, .cast, .hint, .list, .set, .map, .tuple,
                .arithmetic, .negated, .term:
                break walk
            }
        }
        guard case .column(let name) = inner else {
            throw .syntax("no viable alternative at input '\(kind.rawValue)'")
        }
        let slot = try RestrictionAnalyzer.slot(name, table)
        let column = table.columns[slot]
        guard !column.isKey else {
            let shown = kind == .writeTime ? "writetime" : kind.rawValue
            throw .invalid("Cannot use selection function \(shown) on PRIMARY KEY part \(name)")
        }
        noteTimed(slot)
        var plan = CellTimesPlan(kind: kind, slot: slot, types: [column.type])
        var shown = name
        for step in path.reversed() {
            let typed = TypedSelector(
                plan: .slot(slot), name: shown, type: plan.types.last ?? .blob)
            shown = try add(step, to: &plan, typed)
        }
        return TypedSelector(
            plan: .times(plan), name: "\(kind.rawValue)(\(shown))", type: plan.result)
    }

    private mutating func add(
        _ step: CQLSelector, to plan: inout CellTimesPlan, _ typed: TypedSelector
    ) throws(StatementError) -> String {
        switch step {
        case .element(_, let key):
            let (keyType, receiver, result) = try elementTypes(typed, "Element")
            plan.steps.append(.element(try terms.compile(key, as: keyType, receiver: receiver)))
            plan.types.append(result)
            return "\(typed.name)[\(key)]"
        case .slice(_, let from, let to):
            let (keyType, receiver, _) = try elementTypes(typed, "Slice")
            plan.steps.append(
                .slice(
                    from: try bound(from, keyType, receiver),
                    to: try bound(to, keyType, receiver)))
            plan.types.append(typed.type)
            return "\(typed.name)[\(Self.shown(from))..\(Self.shown(to))]"
        case .field(_, let name):
            let (index, type) = try field(name, typed)
            plan.steps.append(.field(index))
            plan.types.append(type)
            return "\(typed.name).\(name)"
        case .column, .countRows, .function, .cast, .hint, .list, .set, .map, .tuple, .arithmetic,
            .negated, .term:
            return typed.name
        }
    }
}
