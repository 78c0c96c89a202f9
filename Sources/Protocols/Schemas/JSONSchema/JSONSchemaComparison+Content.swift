// What a JSON Schema says of the members of objects and the items of arrays, compared.

extension JSONSchemaComparison {
    struct ObjectPoint {
        var rules: JSONSchemaObjectRules
        var point: Point
    }

    struct ArrayPoint {
        var rules: JSONSchemaArrayRules
        var point: Point
    }

    /// What is allowed besides what is named.
    private enum ContentModel {
        case open
        case closed
        /// What fits this schema.
        case partial(Point)
    }

    private func child(_ model: Int?, _ point: Point) -> Point? {
        model.map { self.point($0, beside: point) }
    }

    private func content(allows: Bool, _ additional: Int?, _ unevaluated: Int?, _ point: Point)
        -> ContentModel
    {
        if let schema = child(additional, point) { return .partial(schema) }
        guard allows else { return .closed }
        guard let schema = child(unevaluated, point), !isEmpty(schema) else { return .open }
        return isNever(schema) ? .closed : .partial(schema)
    }

    // MARK: - Objects

    mutating func compare(_ old: ObjectPoint, _ new: ObjectPoint) -> [Found] {
        compareRequired(old, new) + compareProperties(old, new) + compareDependencies(old, new)
            + compareAdditional(
                (old.rules.allowsAdditional, child(old.rules.additional, old.point)),
                (new.rules.allowsAdditional, child(new.rules.additional, new.point)),
                removed: .additionalPropertiesRemoved, narrowed: .additionalPropertiesNarrowed
            ).map { $0.inside(["additionalProperties"]) }
            + compareUnevaluated(
                child(old.rules.unevaluated, old.point), child(new.rules.unevaluated, new.point),
                removed: .unevaluatedPropertiesRemoved, narrowed: .unevaluatedPropertiesNarrowed
            ).map { $0.inside(["unevaluatedProperties"]) }
            + upper(
                "maxProperties", old.rules.maxProperties, new.rules.maxProperties,
                added: .maxPropertiesAdded, decreased: .maxPropertiesDecreased)
            + lower(
                "minProperties", old.rules.minProperties, new.rules.minProperties,
                added: .minPropertiesAdded, increased: .minPropertiesIncreased)
    }

    private func hasDefault(_ name: String, _ object: ObjectPoint) -> Bool {
        child(object.rules.property(name), object.point).map { model($0).hasDefault } ?? false
    }

    private func compareRequired(_ old: ObjectPoint, _ new: ObjectPoint) -> [Found] {
        old.rules.properties.compactMap { name, _ in
            let isNew = new.rules.required.contains(name) && !old.rules.required.contains(name)
            guard isNew, new.rules.property(name) != nil, !hasDefault(name, new) else {
                return nil
            }
            return Found(.requiredAttributeAdded, at: "required", name)
        }
    }

    private mutating func compareProperties(_ old: ObjectPoint, _ new: ObjectPoint) -> [Found] {
        var found: [Found] = []
        for (name, schema) in old.rules.properties {
            let from = point(schema, beside: old.point)
            let differences: [Found]
            if let to = child(new.rules.property(name), new.point) {
                differences = compare(from, to)
            } else {
                differences = compareRemoved(name, from, new)
            }
            found += differences.map { $0.inside(["properties", name]) }
        }
        for (name, schema) in new.rules.properties where old.rules.property(name) == nil {
            let to = point(schema, beside: new.point)
            found += compareAdded(name, to, old, new).map { $0.inside(["properties", name]) }
        }
        return found
    }

    private func content(of object: ObjectPoint, for name: String) -> ContentModel {
        for (pattern, schema) in object.rules.patterns
        where JSONSchemaPattern.matches(pattern, name) {
            return .partial(point(schema, beside: object.point))
        }
        let rest = content(
            allows: object.rules.allowsAdditional, object.rules.additional,
            object.rules.unevaluated, object.point)
        // With patterns, a name that none of them covers counts as neither open nor covered.
        if case .open = rest, !object.rules.patterns.isEmpty { return .closed }
        return rest
    }

    private mutating func compareRemoved(_ name: String, _ from: Point, _ new: ObjectPoint)
        -> [Found]
    {
        switch content(of: new, for: name) {
        case .open: return []
        case .closed: return isNever(from) ? [] : [Found(.propertyRemovedFromClosed)]
        case .partial(let cover):
            let differences = compare(from, cover)
            return differences.isEmpty ? [] : differences + [Found(.propertyRemovedNotCovered)]
        }
    }

    private mutating func compareAdded(
        _ name: String, _ to: Point, _ old: ObjectPoint, _ new: ObjectPoint
    ) -> [Found] {
        let isRequired = new.rules.required.contains(name)
        var found: [Found] = []
        switch content(of: old, for: name) {
        case .open:
            if isEmpty(to) { return [] }
            if isRequired, !hasDefault(name, new) { return [Found(.requiredAddedToOpen)] }
            if policy == .lenient { return [] }
            return [Found(isRequired ? .requiredWithDefaultAddedToOpen : .optionalAddedToOpen)]
        case .closed: break
        case .partial(let cover):
            let differences = compare(cover, to)
            if !differences.isEmpty { found = differences + [Found(.propertyAddedNotCovered)] }
        }
        if isRequired, !hasDefault(name, new) { found.append(Found(.requiredAddedToUnopen)) }
        return found
    }

    private mutating func compareDependencies(_ old: ObjectPoint, _ new: ObjectPoint) -> [Found] {
        var found: [Found] = []
        for (name, others) in new.rules.dependentRequired {
            let before = old.rules.dependentRequired.last { $0.name == name }?.others
            guard let before else {
                found.append(Found(.dependencyArrayAdded, at: "dependencies", name))
                continue
            }
            if others.isSubset(of: before) { continue }
            let rule =
                others.isSuperset(of: before)
                ? JSONSchemaDifference.dependencyArrayExtended : .dependencyArrayChanged
            found.append(Found(rule, at: "dependencies", name))
        }
        for (name, schema) in new.rules.dependentSchemas {
            let before = old.rules.dependentSchemas.last { $0.name == name }?.schema
            guard let from = child(before, old.point) else {
                found.append(Found(.dependencySchemaAdded, at: "dependencies", name))
                continue
            }
            found += compare(from, point(schema, beside: new.point))
                .map { $0.inside(["dependencies", name]) }
        }
        return found
    }

    /// `additionalProperties` and `additionalItems`: whether any are allowed, and which.
    private mutating func compareAdditional(
        _ old: (allows: Bool, schema: Point?), _ new: (allows: Bool, schema: Point?),
        removed: JSONSchemaDifference, narrowed: JSONSchemaDifference
    ) -> [Found] {
        if old.allows != new.allows { return new.allows ? [] : [Found(removed)] }
        guard let to = new.schema else { return [] }
        guard let from = old.schema else { return [Found(narrowed)] }
        return compare(from, to)
    }

    private mutating func compareUnevaluated(
        _ old: Point?, _ new: Point?, removed: JSONSchemaDifference,
        narrowed: JSONSchemaDifference
    ) -> [Found] {
        guard let new else { return [] }
        guard let old else { return [Found(isNever(new) ? removed : narrowed)] }
        if isNever(old) || isEmpty(new) { return [] }
        if isNever(new) { return [Found(removed)] }
        return isEmpty(old) ? [Found(narrowed)] : compare(old, new)
    }

    // MARK: - Arrays

    mutating func compare(_ old: ArrayPoint, _ new: ArrayPoint) -> [Found] {
        var found = compare(child(old.rules.items, old.point), child(new.rules.items, new.point))
            .map { $0.inside(["items"]) }
        found += compareTuples(old, new)
        found += compareAdditional(
            (old.rules.allowsAdditional, child(old.rules.additional, old.point)),
            (new.rules.allowsAdditional, child(new.rules.additional, new.point)),
            removed: .additionalItemsRemoved, narrowed: .additionalItemsNarrowed
        ).map { $0.inside(["additionalItems"]) }
        found += compareUnevaluated(
            child(old.rules.unevaluated, old.point), child(new.rules.unevaluated, new.point),
            removed: .unevaluatedItemsRemoved, narrowed: .unevaluatedItemsNarrowed
        ).map { $0.inside(["unevaluatedItems"]) }
        return found + compareCounts(old.rules, new.rules)
    }

    private func compareCounts(_ from: JSONSchemaArrayRules, _ to: JSONSchemaArrayRules) -> [Found]
    {
        var found =
            upper(
                "maxItems", from.maxItems, to.maxItems, added: .maxItemsAdded,
                decreased: .maxItemsDecreased)
            + lower(
                "minItems", from.minItems, to.minItems, added: .minItemsAdded,
                increased: .minItemsIncreased)
        if to.isUnique, !from.isUnique { found.append(Found(.uniqueItemsAdded, at: "uniqueItems")) }
        found += upper(
            "maxContains", from.maxContains, to.maxContains, added: .maxContainsAdded,
            decreased: .maxContainsDecreased)
        found += lower(
            "minContains", from.minContains, to.minContains, added: .minContainsAdded,
            increased: .minContainsIncreased)
        return found
    }

    private func content(of array: ArrayPoint) -> ContentModel {
        content(
            allows: array.rules.allowsAdditional, array.rules.additional,
            array.rules.unevaluated, array.point)
    }

    private mutating func compareTuples(_ old: ArrayPoint, _ new: ArrayPoint) -> [Found] {
        var found: [Found] = []
        let from = old.rules.tuple.map { point($0, beside: old.point) }
        let to = new.rules.tuple.map { point($0, beside: new.point) }
        for index in 0..<max(from.count, to.count) {
            let differences: [Found]
            if index >= to.count {
                differences = compareRemoved(from[index], new)
            } else if index >= from.count {
                differences = compareAdded(to[index], old)
            } else {
                differences = compare(from[index], to[index])
            }
            found += differences.map { $0.inside(["items", "\(index)"]) }
        }
        return found
    }

    private mutating func compareRemoved(_ from: Point, _ new: ArrayPoint) -> [Found] {
        switch content(of: new) {
        case .open: return []
        case .closed: return isNever(from) ? [] : [Found(.itemRemovedFromClosed)]
        case .partial(let cover):
            let differences = compare(from, cover)
            return differences.isEmpty ? [] : differences + [Found(.itemRemovedNotCovered)]
        }
    }

    private mutating func compareAdded(_ to: Point, _ old: ArrayPoint) -> [Found] {
        switch content(of: old) {
        case .open: return isEmpty(to) ? [] : [Found(.itemAddedToOpen)]
        case .closed: return []
        case .partial(let cover):
            let differences = compare(cover, to)
            return differences.isEmpty ? [] : differences + [Found(.itemAddedNotCovered)]
        }
    }
}
