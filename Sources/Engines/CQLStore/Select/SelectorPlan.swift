// What a SELECT gives for each row or group, compiled.

import CQLProtocol

/// What selectors are evaluated against: the row that is shown, and what is known of its group.
/// Used by one thread.
final class SelectScope {
    let view: RowView
    let values: BoundValues
    let context: EvaluationContext
    /// Values of the group's first row, and results of aggregates: only while a group is given.
    var captured: [[UInt8]?] = []
    var aggregates: [[UInt8]?] = []

    init(_ view: RowView, _ values: BoundValues, _ context: EvaluationContext) {
        self.view = view
        self.values = values
        self.context = context
    }
}

/// A compiled selector.
indirect enum SelectorPlan: Sendable {
    case slot(Int)
    case constant([UInt8]?)
    case term(Expression)
    /// `writetime`, `maxwritetime` and `ttl`.
    case times(CellTimesPlan)
    case call(ScalarFunction, [SelectorPlan])
    /// `m[k]` of a map or set; the type is the collection's.
    case element(SelectorPlan, CQLType, Expression)
    case slice(SelectorPlan, CQLType, from: Expression?, to: Expression?)
    case field(SelectorPlan, Int)
    /// Of a map, keys and values in turn.
    case collection(CQLType, [SelectorPlan])
    case fields([SelectorPlan])
    case vector(CQLType, [SelectorPlan])
    /// The row as JSON; names with their values.
    case json([JSONMember])
    case captured(Int)
    case aggregate(Int)

    struct JSONMember: Sendable {
        /// Quoted and escaped, with its colon.
        var name: String
        var type: CQLType
        var plan: SelectorPlan
    }

    func evaluate(_ scope: SelectScope) throws(StatementError) -> [UInt8]? {
        switch self {
        case .slot(let slot): return scope.view.array(slot)
        case .constant(let bytes): return bytes
        case .term(let expression):
            return try expression.evaluate(scope.values, scope.context).bytes(
                unset: "Invalid unset value in the selection")
        case .times(let plan): return try plan.evaluate(scope)
        case .call(let function, let parts):
            return try function.call(try Self.all(parts, scope), scope.context)
        case .element(let inner, let type, let key):
            guard let bytes = try inner.evaluate(scope),
                let key = try Self.value(key, scope)
            else { return nil }
            return CollectionSelection.element(of: bytes, key, type)
        case .slice(let inner, let type, let from, let to):
            guard let bytes = try inner.evaluate(scope) else { return nil }
            return CollectionSelection.slice(
                of: bytes,
                try from.map { e throws(StatementError) in try Self.value(e, scope) } ?? nil,
                try to.map { e throws(StatementError) in try Self.value(e, scope) } ?? nil, type)
        case .field(let inner, let index):
            guard let bytes = try inner.evaluate(scope) else { return nil }
            return bytes.withUnsafeBytes { all in
                let parts = CollectionBytes.fields(all)
                return index < parts.count ? parts[index].map { Array($0) } : nil
            }
        case .collection(let type, let parts):
            var found: [[UInt8]] = []
            for part in try Self.all(parts, scope) {
                guard let part else { throw .invalid("null is not supported inside collections") }
                found.append(part)
            }
            return CollectionBuilder.bytes(of: found, type: type)
        case .fields(let parts):
            return CollectionSelection.fields(try Self.all(parts, scope))
        case .vector(let element, let parts):
            return try CollectionSelection.vector(try Self.all(parts, scope), element)
        case .json(let members): return try JSONRow.text(members, scope)
        case .captured(let index):
            return index < scope.captured.count ? scope.captured[index] : nil
        case .aggregate(let index): return scope.aggregates[index]
        }
    }

    private static func all(
        _ parts: [SelectorPlan], _ scope: SelectScope
    ) throws(StatementError) -> [[UInt8]?] {
        var out: [[UInt8]?] = []
        out.reserveCapacity(parts.count)
        for part in parts { out.append(try part.evaluate(scope)) }
        return out
    }

    private static func value(
        _ expression: Expression, _ scope: SelectScope
    ) throws(StatementError) -> [UInt8]? {
        try expression.evaluate(scope.values, scope.context).bytes(
            unset: "Invalid unset value for a collection's element")
    }
}

extension SelectorPlan {
    var hasAggregate: Bool {
        switch self {
        case .aggregate: true
        case .slot, .constant, .term, .times, .captured: false
        case .call(_, let parts), .collection(_, let parts), .fields(let parts),
            .vector(_, let parts):
            parts.contains(where: \.hasAggregate)
        case .element(let inner, _, _), .slice(let inner, _, _, _), .field(let inner, _):
            inner.hasAggregate
        case .json(let members): members.contains { $0.plan.hasAggregate }
        }
    }

    /// The same selector with masks over the columns that have one, by slot.
    func masked(_ masks: [Int: SelectorPlan]) -> SelectorPlan {
        switch self {
        case .slot(let slot): return masks[slot] ?? self
        case .constant, .term, .times, .captured, .aggregate: return self
        case .call(let function, let parts): return .call(function, parts.map { $0.masked(masks) })
        case .element(let inner, let type, let key):
            return .element(inner.masked(masks), type, key)
        case .slice(let inner, let type, let from, let to):
            return .slice(inner.masked(masks), type, from: from, to: to)
        case .field(let inner, let index): return .field(inner.masked(masks), index)
        case .collection(let type, let parts):
            return .collection(type, parts.map { $0.masked(masks) })
        case .fields(let parts): return .fields(parts.map { $0.masked(masks) })
        case .vector(let type, let parts): return .vector(type, parts.map { $0.masked(masks) })
        case .json(let members):
            return .json(
                members.map { member in
                    var member = member
                    member.plan = member.plan.masked(masks)
                    return member
                })
        }
    }

    /// The same selector over a group: what has no aggregate in it is taken from the first row.
    func grouped(_ captures: inout [SelectorPlan]) -> SelectorPlan {
        guard hasAggregate else {
            if case .constant = self { return self }
            captures.append(self)
            return .captured(captures.count - 1)
        }
        switch self {
        case .aggregate, .slot, .constant, .term, .times, .captured: return self
        case .call(let function, let parts):
            return .call(function, parts.map { $0.grouped(&captures) })
        case .collection(let type, let parts):
            return .collection(type, parts.map { $0.grouped(&captures) })
        case .fields(let parts): return .fields(parts.map { $0.grouped(&captures) })
        case .vector(let type, let parts):
            return .vector(type, parts.map { $0.grouped(&captures) })
        case .element(let inner, let type, let key):
            return .element(inner.grouped(&captures), type, key)
        case .slice(let inner, let type, let from, let to):
            return .slice(inner.grouped(&captures), type, from: from, to: to)
        case .field(let inner, let index): return .field(inner.grouped(&captures), index)
        case .json(let members):
            return .json(
                members.map { member in
                    var member = member
                    member.plan = member.plan.grouped(&captures)
                    return member
                })
        }
    }
}
