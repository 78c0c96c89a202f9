// What a JSON Schema says of texts and numbers, and choices of several schemas, compared.

extension JSONSchemaComparison {
    /// A bound above: it may go up or away.
    func upper(
        _ name: String, _ from: Double?, _ to: Double?, added: JSONSchemaDifference,
        decreased: JSONSchemaDifference
    ) -> [Found] {
        guard let to else { return [] }
        guard let from else { return [Found(added, at: name)] }
        return to < from ? [Found(decreased, at: name)] : []
    }

    /// A bound below: it may go down or away.
    func lower(
        _ name: String, _ from: Double?, _ to: Double?, added: JSONSchemaDifference,
        increased: JSONSchemaDifference
    ) -> [Found] {
        guard let to else { return [] }
        guard let from else { return [Found(added, at: name)] }
        return to > from ? [Found(increased, at: name)] : []
    }

    func compare(_ from: JSONSchemaStringRules, _ to: JSONSchemaStringRules) -> [Found] {
        var found =
            upper(
                "maxLength", from.maxLength, to.maxLength, added: .maxLengthAdded,
                decreased: .maxLengthDecreased)
            + lower(
                "minLength", from.minLength, to.minLength, added: .minLengthAdded,
                increased: .minLengthIncreased)
        if let pattern = to.pattern, pattern != from.pattern {
            found.append(
                Found(from.pattern == nil ? .patternAdded : .patternChanged, at: "pattern"))
        }
        return found
    }

    func compare(_ from: JSONSchemaNumberRules, _ to: JSONSchemaNumberRules) -> [Found] {
        var found =
            upper(
                "maximum", from.maximum, to.maximum, added: .maximumAdded,
                decreased: .maximumDecreased)
            + lower(
                "minimum", from.minimum, to.minimum, added: .minimumAdded,
                increased: .minimumIncreased)
            + upper(
                "exclusiveMaximum", from.exclusiveMaximum, to.exclusiveMaximum,
                added: .exclusiveMaximumAdded, decreased: .exclusiveMaximumDecreased)
            + lower(
                "exclusiveMinimum", from.exclusiveMinimum, to.exclusiveMinimum,
                added: .exclusiveMinimumAdded, increased: .exclusiveMinimumIncreased)
        if to.isMaximumExclusive, !from.isMaximumExclusive {
            found.append(Found(.exclusiveMaximumAdded, at: "exclusiveMaximum"))
        }
        if to.isMinimumExclusive, !from.isMinimumExclusive {
            found.append(Found(.exclusiveMinimumAdded, at: "exclusiveMinimum"))
        }
        if let step = to.multipleOf, step != from.multipleOf {
            if let old = from.multipleOf {
                let isReduced = old.truncatingRemainder(dividingBy: step) == 0
                let isExpanded = step.truncatingRemainder(dividingBy: old) == 0
                if !isReduced {
                    let rule =
                        isExpanded
                        ? JSONSchemaDifference.multipleOfExpanded : .multipleOfChanged
                    found.append(Found(rule, at: "multipleOf"))
                }
            } else {
                found.append(Found(.multipleOfAdded, at: "multipleOf"))
            }
        }
        if to.isInteger, !from.isInteger { found.append(Found(.typeNarrowed)) }
        return found
    }

    // MARK: - Choices

    mutating func compare(
        _ from: JSONSchemaCriterion, _ oldParts: [Point],
        _ to: JSONSchemaCriterion, _ newParts: [Point]
    ) -> [Found] {
        guard Self.allows(from, oldParts.count, to, newParts.count) else {
            return [Found(.combinedTypeChanged)]
        }
        let old = distinct(oldParts)
        let new = distinct(newParts)
        var found: [Found] = []
        if to == .all, old.count < new.count { found.append(Found(.productTypeExtended)) }
        if to != .all, old.count > new.count { found.append(Found(.sumTypeNarrowed)) }
        // Each part of the shorter list needs a partner of its own.
        var partners: [[Int]] = []
        for part in old {
            var accepted: [Int] = []
            for (index, other) in new.enumerated() where compare(part, other).isEmpty {
                accepted.append(index)
            }
            partners.append(accepted)
        }
        if Self.matched(partners, count: new.count) < min(old.count, new.count) {
            found.append(Found(.combinedTypeSubschemasChanged))
        }
        return found
    }

    /// All of, any of and one of may only become what accepts more.
    private static func allows(
        _ from: JSONSchemaCriterion, _ oldCount: Int, _ to: JSONSchemaCriterion, _ newCount: Int
    ) -> Bool {
        guard from != to else { return true }
        switch to {
        case .any: return true
        case .one: return oldCount == 1
        case .all: return oldCount == 1 && newCount == 1
        }
    }

    /// The parts, of equal ones only the first.
    private func distinct(_ parts: [Point]) -> [Point] {
        var seen: Set<Int> = []
        return parts.filter { part in
            guard let source = model(part).source else { return true }
            return seen.insert(source).inserted
        }
    }

    /// How many on the left can have a partner on the right, each its own.
    private static func matched(_ partners: [[Int]], count: Int) -> Int {
        var owner = [Int?](repeating: nil, count: count)
        func place(_ left: Int, _ tried: inout Set<Int>) -> Bool {
            for right in partners[left] where tried.insert(right).inserted {
                if let other = owner[right], !place(other, &tried) { continue }
                owner[right] = left
                return true
            }
            return false
        }
        return partners.indices.count { left in
            var tried: Set<Int> = []
            return place(left, &tried)
        }
    }
}
