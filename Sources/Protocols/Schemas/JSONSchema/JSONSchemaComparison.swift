// Whether a reader's JSON Schema accepts all that a writer's does, rule by rule.
// Source: Confluent's json/diff classes, at the version with content models and policies.

import MillraceBase

/// "Old" is the writer's schema, "new" the reader's. Each comparison returns only what is
/// incompatible, with paths that start at the pair compared.
struct JSONSchemaComparison {
    struct Found: Sendable {
        var rule: JSONSchemaDifference
        var path: [String]

        init(_ rule: JSONSchemaDifference, at path: String...) {
            self.rule = rule
            self.path = path
        }

        func inside(_ path: [String]) -> Found {
            var moved = self
            moved.path = path + self.path
            return moved
        }
    }

    /// A schema of one of both documents; `not` exchanges their roles.
    struct Point: Hashable {
        var isNew: Bool
        var model: Int
    }

    private struct Pair: Hashable {
        var old: Point
        var new: Point
    }

    private let oldModels: [JSONSchemaModel]
    private let newModels: [JSONSchemaModel]
    let policy: CompatibilityPolicy
    private var known: [Pair: [Found]] = [:]
    /// Being compared further up: a circle is compatible unless something else is not.
    private var active: Set<Pair> = []
    /// Too deep to be compared at once: taken for compatible, and compared at the end.
    private var deferred: [Pair] = []
    private var budget = SchemaLimits.comparisonsMax

    static func incompatibilities(
        reader: JSONSchemaDocument, writer: JSONSchemaDocument, policy: CompatibilityPolicy
    ) -> [SchemaIncompatibility] {
        var comparison = JSONSchemaComparison(
            oldModels: writer.models, newModels: reader.models, policy: policy)
        var found = comparison.compare(
            Point(isNew: false, model: 0), Point(isNew: true, model: 0))
        while let pair = comparison.deferred.popLast() {
            found += comparison.compare(pair.old, pair.new)
        }
        return found.prefix(SchemaLimits.incompatibilitiesMax).map { item in
            let path = "#/" + item.path.joined(separator: "/")
            return SchemaIncompatibility(
                item.rule.rawValue, item.rule.description(at: path), at: path)
        }
    }

    private init(
        oldModels: [JSONSchemaModel], newModels: [JSONSchemaModel], policy: CompatibilityPolicy
    ) {
        self.oldModels = oldModels
        self.newModels = newModels
        self.policy = policy
    }

    func model(_ point: Point) -> JSONSchemaModel {
        point.isNew ? newModels[point.model] : oldModels[point.model]
    }

    func point(_ model: Int, beside point: Point) -> Point {
        Point(isNew: point.isNew, model: model)
    }

    /// The schema that a reference, or a chain of them, leads to.
    func followed(_ point: Point) -> Point {
        var point = point
        var steps = 0
        while case .reference(let next) = model(point).kind, steps < SchemaLimits.depthMax {
            point.model = next
            steps += 1
        }
        return point
    }

    func isEmpty(_ point: Point) -> Bool {
        if case .empty = model(followed(point)).kind { true } else { false }
    }

    func isNever(_ point: Point) -> Bool {
        if case .never = model(followed(point)).kind { true } else { false }
    }

    // MARK: - Pairs

    /// One of both may be missing.
    mutating func compare(_ old: Point?, _ new: Point?) -> [Found] {
        guard let new else { return [] }
        guard let old else { return [Found(.schemaAdded)] }
        return compare(old, new)
    }

    mutating func compare(_ old: Point, _ new: Point) -> [Found] {
        let pair = Pair(old: followed(old), new: followed(new))
        budget -= 1
        guard budget > 0 else { return [Found(.tooLarge)] }
        if let known = known[pair] { return known }
        guard active.count < SchemaLimits.comparisonDepthMax else {
            deferred.append(pair)
            return []
        }
        guard active.insert(pair).inserted else { return [] }
        let found = compareNow(pair.old, pair.new)
        active.remove(pair)
        known[pair] = found
        return found
    }

    private mutating func compareNow(_ old: Point, _ new: Point) -> [Found] {
        if isSpecialCase(old, new) { return [] }
        let to = model(new).kind
        if case .empty = to { return [] }
        switch model(old).kind {
        case .never, .reference: return []
        case .boolean: if case .boolean = to { return [] }
        case .null: if case .null = to { return [] }
        case .conditional: if case .conditional = to { return [] }
        case .string(let from): if case .string(let to) = to { return compare(from, to) }
        case .number(let from): if case .number(let to) = to { return compare(from, to) }
        case .enumeration(let from):
            if case .enumeration(let to) = to { return compareValues(from, to) }
        case .constant(let from):
            if case .constant(let to) = to {
                return from.isSame(as: to) ? [] : [Found(.enumArrayChanged, at: "const")]
            }
        case .not(let from):
            if case .not(let to) = to {
                // What is excluded may shrink, so the roles change.
                let found = compare(point(to, beside: new), point(from, beside: old))
                return found.isEmpty ? [] : [Found(.notTypeExtended, at: "not")]
            }
        case .combined(let from, let oldParts):
            if case .combined(let to, let newParts) = to {
                return compare(
                    from, oldParts.map { point($0, beside: old) },
                    to, newParts.map { point($0, beside: new) })
            }
        case .object(let from):
            if case .object(let to) = to {
                return compare(
                    ObjectPoint(rules: from, point: old), ObjectPoint(rules: to, point: new))
            }
        case .array(let from):
            if case .array(let to) = to {
                return compare(
                    ArrayPoint(rules: from, point: old), ArrayPoint(rules: to, point: new))
            }
        case .empty: break
        }
        return [Found(.typeChanged)]
    }

    private func compareValues(_ from: [JSONValue], _ to: [JSONValue]) -> [Found] {
        if from.allSatisfy({ value in to.contains { $0.isSame(as: value) } }) { return [] }
        let isNarrowed = to.allSatisfy { value in from.contains { $0.isSame(as: value) } }
        return [Found(isNarrowed ? .enumArrayNarrowed : .enumArrayChanged, at: "enum")]
    }

    /// A choice of several against a single schema.
    private mutating func isSpecialCase(_ old: Point, _ new: Point) -> Bool {
        var isOldCombined = false
        if case .combined = model(old).kind { isOldCombined = true }
        if case .combined(let criterion, let parts) = model(new).kind {
            guard !isOldCombined, parts.count == 1 || criterion != .all else { return false }
            return parts.contains { compare(old, point($0, beside: new)).isEmpty }
        }
        if case .combined(let criterion, let parts) = model(old).kind {
            guard parts.count == 1 || criterion == .all else { return false }
            return parts.contains { compare(point($0, beside: old), new).isEmpty }
        }
        return false
    }
}

extension JSONValue {
    /// Equal as JSON Schema means it: 1 is 1.0, and members have no order.
    func isSame(as other: JSONValue) -> Bool {
        switch (self, other) {
        case (.number(let x), .number(let y)): return x == y || Double(x) == Double(y)
        case (.array(let x), .array(let y)):
            return x.count == y.count && zip(x, y).allSatisfy { $0.isSame(as: $1) }
        case (.object(let x), .object(let y)):
            return x.members.count == y.members.count
                && x.members.allSatisfy { member in
                    y[member.name]?.isSame(as: member.value) ?? false
                }
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _):
            return self == other
        }
    }
}
