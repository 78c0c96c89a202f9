// From the selectors of a SELECT to what they give: types, names of result columns, plans.
// Source: Cassandra's Selectable and its kinds, which also decide the columns' names.

import CQLProtocol
import MillraceBase

/// A selector with its type.
struct TypedSelector {
    var plan: SelectorPlan
    /// As the result's column is called without an alias.
    var name: String
    var type: CQLType
}

struct SelectionCompiler {
    let table: Table
    let keyspace: Keyspace
    var terms: TermCompiler
    private(set) var aggregates: [AggregatePlan] = []
    /// Slots of the columns that the selection reads.
    private(set) var slots: Set<Int> = []
    /// Columns whose cells' times are asked for.
    private(set) var timedSlots: Set<Int> = []

    init(table: Table, terms: TermCompiler) {
        self.table = table
        keyspace = terms.keyspace
        self.terms = terms
    }

    mutating func compile(_ selector: CQLSelector) throws(StatementError) -> TypedSelector {
        let prepared = try prepare(selector)
        return try finish(prepared, as: nil)
    }

    // MARK: Without a wanted type

    mutating func prepare(_ selector: CQLSelector) throws(StatementError) -> PreparedSelector {
        switch selector {
        case .column(let name):
            let slot = try RestrictionAnalyzer.slot(name, table)
            slots.insert(slot)
            return .done(
                TypedSelector(plan: .slot(slot), name: name, type: table.columns[slot].type))
        case .countRows:
            aggregates.append(AggregatePlan(kind: .count, type: .bigint))
            return .done(
                TypedSelector(
                    plan: .aggregate(aggregates.count - 1), name: "count", type: .bigint))
        case .term(let term): return .term(term)
        case .list(let parts): return .list(try all(parts))
        case .set(let parts): return .set(try all(parts))
        case .tuple(let parts): return .tuple(try all(parts))
        case .map(let parts): return try map(parts)
        case .hint(let syntax, let inner):
            let type = try TypeResolver.resolve(
                syntax, types: keyspace.types, keyspace: keyspace.name)
            let prepared = try prepare(inner)
            try check(prepared, type)
            var typed = try finish(prepared, as: type)
            typed.name = "(\(syntax.text))\(typed.name)"
            typed.type = type.isFreezable ? .frozen(type) : type
            return .done(typed)
        case .cast(let inner, let syntax): return .done(try cast(inner, syntax))
        case .element, .slice, .field: return .done(try part(selector))
        case .arithmetic(let left, let operation, let right):
            let (left, right) = (try prepare(left), try prepare(right))
            let function = try OperationFunctions.find(
                operation, left.argument, right.argument, receiver: nil)
            let a = try finish(left, as: function.parameters[0])
            let b = try finish(right, as: function.parameters[1])
            return .done(
                TypedSelector(
                    plan: .call(function, [a.plan, b.plan]),
                    name: "\(a.name) \(operation.rawValue) \(b.name)", type: function.result))
        case .negated(let inner):
            // A sign in front of a number is part of it, as in Cassandra.
            if case .term(let term) = inner, let literal = term.negatedLiteral {
                return .term(literal)
            }
            let prepared = try prepare(inner)
            let function = try OperationFunctions.negation(of: prepared.argument, receiver: nil)
            let typed = try finish(prepared, as: function.parameters[0])
            return .done(
                TypedSelector(
                    plan: .call(function, [typed.plan]), name: "-\(typed.name)",
                    type: function.result))
        case .function(let name, let arguments): return .done(try function(name, arguments))
        }
    }

    private mutating func all(
        _ selectors: [CQLSelector]
    ) throws(StatementError) -> [PreparedSelector] {
        var out: [PreparedSelector] = []
        for selector in selectors { out.append(try prepare(selector)) }
        return out
    }

    /// `{a: b}`: a map, or a user-defined value when `a` is no column.
    private mutating func map(_ parts: [CQLSelector]) throws(StatementError) -> PreparedSelector {
        var names: [String] = []
        for index in stride(from: 0, to: parts.count, by: 2) {
            if case .column(let name) = parts[index] { names.append(name) }
        }
        guard names.count * 2 == parts.count else { return .map(try all(parts)) }
        var fields: [(name: String, value: PreparedSelector)] = []
        var keys: [PreparedSelector]? = []
        for (index, name) in names.enumerated() {
            fields.append((name, try prepare(parts[2 * index + 1])))
            if table.slots[name] == nil {
                keys = nil
            } else if keys != nil {
                keys?.append(try prepare(parts[2 * index]))
            }
        }
        return .fields(fields, keys: keys)
    }

    private mutating func cast(
        _ inner: CQLSelector, _ syntax: CQLTypeSyntax
    ) throws(StatementError) -> TypedSelector {
        let target = try TypeResolver.resolve(
            syntax, types: keyspace.types, keyspace: keyspace.name)
        let prepared = try prepare(inner)
        if case .done(let typed) = prepared, typed.type == target { return typed }
        let function = try Casting.find(prepared.argument, to: target)
        let typed = try finish(prepared, as: function.parameters[0])
        return TypedSelector(
            plan: .call(function, [typed.plan]), name: "cast(\(typed.name) as \(target))",
            type: target)
    }

    // MARK: With one

    private func check(
        _ prepared: PreparedSelector, _ type: CQLType
    ) throws(StatementError) {
        guard prepared.asMap(for: type).shape.fit(type) > .none else {
            throw .invalid("\(prepared.text) is not of the expected type: \(type)")
        }
    }

    private func cannotInfer(_ prepared: PreparedSelector) -> StatementError {
        .invalid(
            "Cannot infer type for term \(prepared.text) in selection clause (try using a cast to "
                + "force a type)")
    }

    /// - Parameter wanted: `nil` when nothing says which type it is to be.
    mutating func finish(
        _ prepared: PreparedSelector, as wanted: CQLType?
    ) throws(StatementError) -> TypedSelector {
        if case .done(let typed) = prepared { return typed }
        let prepared = prepared.asMap(for: wanted)
        if case .tuple(let parts) = prepared, parts.count == 1 {
            var isTuple = false
            if case .tuple = wanted?.withoutOuterFrozen { isTuple = true }
            if !isTuple {
                // It could be a tuple as well as a selector in brackets.
                guard wanted != nil else { throw cannotInfer(prepared) }
                var typed = try finish(parts[0], as: wanted)
                typed.name = "(\(typed.name))"
                return typed
            }
        }
        guard let type = wanted ?? prepared.shape.exactType else { throw cannotInfer(prepared) }
        try check(prepared, type)
        if wanted == nil, case .set(let element) = type, element.hasDuration {
            throw .invalid("Durations are not allowed inside sets: frozen<\(type)>")
        }
        let plan: SelectorPlan
        switch (prepared, type.withoutOuterFrozen) {
        case (.term(let term), _):
            let expression = try terms.compile(term, as: type, receiver: "[selection]")
            if case .constant(let bytes) = expression {
                plan = .constant(bytes)
            } else {
                plan = .term(expression)
            }
        case (.list(let parts), .list(let element)), (.set(let parts), .set(let element)):
            plan = .collection(type, try plans(parts) { _ in element })
        case (.list(let parts), .vector(let element, _)):
            plan = .vector(element, try plans(parts) { _ in element })
        case (.set, .map): plan = .collection(type, [])
        case (.map(let parts), .map(let key, let value)):
            plan = .collection(type, try plans(parts) { $0 % 2 == 0 ? key : value })
        case (.tuple(let parts), .tuple(let types)):
            plan = .fields(try plans(parts) { types[$0] })
        case (.fields(let parts, _), .udt(let user)): plan = try fields(parts, user)
        default: throw cannotInfer(prepared)
        }
        return TypedSelector(plan: plan, name: prepared.text, type: type)
    }

    private mutating func plans(
        _ parts: [PreparedSelector], _ type: (Int) -> CQLType
    ) throws(StatementError) -> [SelectorPlan] {
        var out: [SelectorPlan] = []
        for (index, part) in parts.enumerated() {
            out.append(try finish(part, as: type(index)).plan)
        }
        return out
    }

    private mutating func fields(
        _ parts: [(name: String, value: PreparedSelector)], _ user: CQLUserType
    ) throws(StatementError) -> SelectorPlan {
        var out: [SelectorPlan] = []
        for field in user.fields {
            guard let part = parts.last(where: { $0.name == field.name }) else {
                out.append(.constant(nil))
                continue
            }
            out.append(try finish(part.value, as: field.type).plan)
        }
        return .fields(out)
    }

    // MARK: Functions

    private mutating func function(
        _ name: CQLName, _ arguments: [CQLSelector]
    ) throws(StatementError) -> TypedSelector {
        if name.keyspace == nil, let kind = CellTimesPlan.Kind(rawValue: name.name) {
            return try times(kind, arguments)
        }
        // `count` of any constant counts rows.
        if (name == CQLName("count") || name == CQLName(keyspace: "system", "count")),
            arguments.count == 1, case .term(let term) = arguments[0], term.isConstant
        {
            let prepared = try prepare(.countRows)
            return try finish(prepared, as: nil)
        }
        if name.isCountOfRows, arguments.isEmpty {
            let prepared = try prepare(.countRows)
            return try finish(prepared, as: nil)
        }
        let aggregatesBefore = aggregates.count
        let prepared = try all(arguments)
        let request = FunctionRequest(name, prepared.map(\.argument), table: table)
        let function = try FunctionResolver.find(request)
        var parts: [TypedSelector] = []
        for (part, type) in zip(prepared, function.parameters) {
            parts.append(try finish(part, as: type))
        }
        let shown =
            "system.\(function.name)(\(parts.map(\.name).joined(separator: ", ")))"
        guard let kind = function.aggregate else {
            let isCast = Casting.isNamed(function.name)
            return TypedSelector(
                plan: .call(function, parts.map(\.plan)),
                name: isCast ? "cast(\(parts[0].name) as \(function.result))" : shown,
                type: function.result)
        }
        guard aggregates.count == aggregatesBefore else {
            throw .invalid(
                "aggregate functions cannot be used as arguments of aggregate functions")
        }
        aggregates.append(
            AggregatePlan(kind: kind, argument: parts[0].plan, type: function.parameters[0]))
        return TypedSelector(
            plan: .aggregate(aggregates.count - 1), name: shown, type: function.result)
    }
}

extension CQLName {
    /// The function that `count(*)` stands for, by its own names.
    fileprivate var isCountOfRows: Bool {
        (keyspace == nil || keyspace == "system") && (name == "count_rows" || name == "countRows")
    }
}

extension CQLTerm {
    /// A constant of a simple type; null is none.
    fileprivate var isConstant: Bool {
        switch self {
        case .string, .integer, .float, .boolean, .uuid, .hex, .duration: true
        case .null, .list, .set, .map, .fields, .tuple, .marker, .function, .hint, .cast,
            .arithmetic, .negated:
            false
        }
    }
}

extension SelectionCompiler {
    mutating func noteTimed(_ slot: Int) {
        slots.insert(slot)
        timedSlots.insert(slot)
    }
}
