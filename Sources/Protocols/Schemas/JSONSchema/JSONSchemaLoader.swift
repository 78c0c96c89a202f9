// The JSON of a schema turned into models. Source: how everit-org/json-schema reads drafts 4 to 7,
// and what Confluent's SchemaTranslator makes of the newer ones.

import MillraceBase

struct JSONSchemaLoader {
    private let resources: JSONSchemaResources
    private let dialect: JSONSchemaDialect
    private(set) var models: [JSONSchemaModel] = []
    /// What `$ref` leads to, by absolute address.
    private var referred: [String: Int] = [:]
    /// Models that have a number but are not read yet; references do not nest.
    private var waiting: [(model: Int, place: JSONSchemaPlace)] = []

    /// - Returns: models, of which the first is the document's own.
    static func models(of root: JSONValue, in resources: JSONSchemaResources)
        throws(SchemaError) -> [JSONSchemaModel]
    {
        var loader = JSONSchemaLoader(resources)
        let first = loader.reserve()
        loader.referred[resources.rootBase + "#"] = first
        loader.referred[resources.rootBase] = first
        loader.waiting.append((first, JSONSchemaPlace(value: root, base: resources.rootBase)))
        while let (model, place) = loader.waiting.popLast() {
            try loader.fill(model, place, depth: 0)
        }
        return loader.models
    }

    private init(_ resources: JSONSchemaResources) {
        self.resources = resources
        dialect = resources.dialect
    }

    private mutating func reserve() -> Int {
        models.append(JSONSchemaModel(kind: .empty))
        return models.count - 1
    }

    private mutating func add(_ kind: JSONSchemaModel.Kind) -> Int {
        models.append(JSONSchemaModel(kind: kind))
        return models.count - 1
    }

    private mutating func load(_ value: JSONValue, _ base: String, depth: Int)
        throws(SchemaError) -> Int
    {
        let model = reserve()
        try fill(model, JSONSchemaPlace(value: value, base: base), depth: depth)
        return model
    }

    private mutating func fill(_ model: Int, _ place: JSONSchemaPlace, depth: Int)
        throws(SchemaError)
    {
        guard depth < SchemaLimits.depthMax else {
            throw SchemaError("more than \(SchemaLimits.depthMax) levels")
        }
        let value = place.value
        if let bool = value.bool {
            models[model].kind = bool ? .empty : .never
            return
        }
        guard let object = value.object else { throw SchemaError("is no schema") }
        let base = JSONSchemaResources.base(of: value, inside: place.base, dialect)
        models[model].hasDefault = object["default"] != nil
        var reading = Reading(object, base, depth: depth + 1)
        let kinds = try kinds(&reading)
        if kinds.count > 1 {
            models[model].kind = .combined(.all, kinds.map { add($0) })
        } else {
            models[model].kind = kinds.first ?? .empty
        }
    }

    /// One schema being read, and the keywords that nobody has taken yet.
    struct Reading {
        let object: JSONObject
        let base: String
        let depth: Int
        var keys: Set<String>

        init(_ object: JSONObject, _ base: String, depth: Int) {
            self.object = object
            self.base = base
            self.depth = depth
            keys = Set(object.members.map(\.name))
        }
    }

    private mutating func kinds(_ reading: inout Reading) throws(SchemaError)
        -> [JSONSchemaModel.Kind]
    {
        let object = reading.object
        var kinds: [JSONSchemaModel.Kind] = []
        for key in dialect.isModern ? ["$ref", "$dynamicRef", "$recursiveRef"] : ["$ref"] {
            guard let reference = object[key]?.string else { continue }
            kinds.append(.reference(try self.reference(to: reference, in: reading.base)))
        }
        // Before draft 2019-09 nothing beside a reference counts.
        if !kinds.isEmpty, !dialect.isModern { return kinds }
        if let values = object["enum"]?.array { kinds.append(.enumeration(values)) }
        for criterion in [JSONSchemaCriterion.all, .any, .one] {
            guard let parts = object[criterion.rawValue]?.array else { continue }
            let branches = try list(parts, reading)
            for (branch, part) in zip(branches, parts) {
                models[branch].source = part.text.hashValue
            }
            kinds.append(.combined(criterion, branches))
        }
        if let not = object["not"] {
            kinds.append(.not(try load(not, reading.base, depth: reading.depth)))
        }
        if dialect > .draft4, let constant = object["const"] { kinds.append(.constant(constant)) }
        if let type = object["type"] { kinds.append(try typed(type, &reading)) }
        kinds += try sniffed(&reading)
        return kinds
    }

    private mutating func list(_ parts: [JSONValue], _ reading: Reading) throws(SchemaError)
        -> [Int]
    {
        var models: [Int] = []
        for part in parts { models.append(try load(part, reading.base, depth: reading.depth)) }
        return models
    }

    private mutating func reference(to reference: String, in base: String) throws(SchemaError)
        -> Int
    {
        let address = resources.address(of: reference, in: base)
        if let known = referred[address] { return known }
        let model = reserve()
        referred[address] = model
        if let place = resources.place(at: address) {
            waiting.append((model, place))
        } else if !JSONSchemaDialect.isMetaSchema(address) {
            throw SchemaError("\"$ref\": \"\(reference)\" leads nowhere in this schema")
        }
        return model
    }

    // MARK: - Kinds

    private mutating func typed(_ type: JSONValue, _ reading: inout Reading) throws(SchemaError)
        -> JSONSchemaModel.Kind
    {
        guard let names = type.array else { return try kind(type.string ?? "", &reading) }
        var branches: [Int] = []
        let before = reading
        var taken = reading.keys
        for name in names {
            // Each type takes its keywords, whatever the others took.
            reading = before
            branches.append(add(try kind(name.string ?? "", &reading)))
            taken.formIntersection(reading.keys)
        }
        reading.keys = taken
        return .combined(.any, branches)
    }

    private mutating func kind(_ type: String, _ reading: inout Reading) throws(SchemaError)
        -> JSONSchemaModel.Kind
    {
        switch type {
        case "string": return .string(strings(&reading))
        case "integer": return .number(numbers(&reading, isInteger: true))
        case "number": return .number(numbers(&reading, isInteger: false))
        case "boolean": return .boolean
        case "null": return .null
        case "array": return .array(try arrays(&reading))
        case "object": return .object(try objects(&reading))
        default: throw SchemaError("names no type of JSON Schema", at: "/type")
        }
    }

    /// Keywords of a type that the schema does not name.
    private mutating func sniffed(_ reading: inout Reading) throws(SchemaError)
        -> [JSONSchemaModel.Kind]
    {
        var kinds: [JSONSchemaModel.Kind] = []
        if !reading.keys.isDisjoint(with: dialect.arrayKeys) {
            kinds.append(.array(try arrays(&reading)))
        }
        if !reading.keys.isDisjoint(with: dialect.objectKeys) {
            kinds.append(.object(try objects(&reading)))
        }
        if !reading.keys.isDisjoint(with: dialect.numberKeys) {
            kinds.append(.number(numbers(&reading, isInteger: false)))
        }
        if !reading.keys.isDisjoint(with: dialect.stringKeys) {
            kinds.append(.string(strings(&reading)))
        }
        if !reading.keys.isDisjoint(with: dialect.conditionKeys) {
            for key in dialect.conditionKeys {
                // Conditions are not compared, but what they refer to must be there.
                guard let part = reading.object[key] else { continue }
                _ = try load(part, reading.base, depth: reading.depth)
            }
            kinds.append(.conditional)
        }
        return kinds
    }

    private func strings(_ reading: inout Reading) -> JSONSchemaStringRules {
        reading.keys.subtract(dialect.stringKeys)
        let object = reading.object
        return JSONSchemaStringRules(
            minLength: object["minLength"]?.double, maxLength: object["maxLength"]?.double,
            pattern: object["pattern"]?.string)
    }

    private func numbers(_ reading: inout Reading, isInteger: Bool) -> JSONSchemaNumberRules {
        reading.keys.subtract(dialect.numberKeys)
        let object = reading.object
        return JSONSchemaNumberRules(
            minimum: object["minimum"]?.double, maximum: object["maximum"]?.double,
            exclusiveMinimum: object["exclusiveMinimum"]?.double,
            exclusiveMaximum: object["exclusiveMaximum"]?.double,
            isMinimumExclusive: object["exclusiveMinimum"]?.bool ?? false,
            isMaximumExclusive: object["exclusiveMaximum"]?.bool ?? false,
            multipleOf: object["multipleOf"]?.double, isInteger: isInteger)
    }
}

// MARK: - Arrays and objects

extension JSONSchemaLoader {
    private mutating func child(_ key: String, _ reading: Reading) throws(SchemaError) -> Int? {
        guard let value = reading.object[key] else { return nil }
        return try load(value, reading.base, depth: reading.depth)
    }

    private mutating func arrays(_ reading: inout Reading) throws(SchemaError)
        -> JSONSchemaArrayRules
    {
        reading.keys.subtract(dialect.arrayKeys)
        let object = reading.object
        var rules = JSONSchemaArrayRules()
        rules.minItems = object["minItems"]?.double
        rules.maxItems = object["maxItems"]?.double
        rules.isUnique = object["uniqueItems"]?.bool ?? false
        var rest = "additionalItems"
        if dialect.isModern, let first = object["prefixItems"]?.array {
            rules.tuple = try list(first, reading)
            rest = "items"
        } else if let first = object["items"]?.array {
            rules.tuple = try list(first, reading)
        } else if let items = object["items"] {
            if dialect.isModern, items.bool == false {
                rules.allowsAdditional = false
            } else if !dialect.isModern || items.bool == nil {
                rules.items = try child("items", reading)
            }
        }
        if let value = object[rest], rest != "items" || !rules.tuple.isEmpty {
            if let bool = value.bool {
                rules.allowsAdditional = bool
            } else {
                rules.additional = try child(rest, reading)
            }
        }
        if object["contains"] != nil { _ = try child("contains", reading) }
        if dialect.isModern {
            rules.unevaluated = try child("unevaluatedItems", reading)
            if object["contains"] != nil {
                rules.minContains = object["minContains"]?.double ?? 1
                rules.maxContains = object["maxContains"]?.double
            }
        }
        return rules
    }

    private mutating func objects(_ reading: inout Reading) throws(SchemaError)
        -> JSONSchemaObjectRules
    {
        reading.keys.subtract(dialect.objectKeys)
        let object = reading.object
        var rules = JSONSchemaObjectRules()
        rules.minProperties = object["minProperties"]?.double
        rules.maxProperties = object["maxProperties"]?.double
        rules.required = Set(object["required"]?.array?.compactMap(\.string) ?? [])
        rules.properties = try map("properties", reading)
        rules.patterns = try map("patternProperties", reading).map { ($0.name, $0.schema) }
        if let value = object["additionalProperties"] {
            if let bool = value.bool {
                rules.allowsAdditional = bool
            } else {
                rules.additional = try child("additionalProperties", reading)
            }
        }
        _ = try child("propertyNames", reading)
        for key in ["dependencies", "dependentRequired", "dependentSchemas"] {
            for (name, value) in object[key]?.object?.members ?? [] {
                if let others = value.array {
                    rules.dependentRequired.append((name, Set(others.compactMap(\.string))))
                } else {
                    let schema = try load(value, reading.base, depth: reading.depth)
                    rules.dependentSchemas.append((name, schema))
                }
            }
        }
        if dialect.isModern { rules.unevaluated = try child("unevaluatedProperties", reading) }
        return rules
    }

    private mutating func map(_ key: String, _ reading: Reading) throws(SchemaError)
        -> [(name: String, schema: Int)]
    {
        var result: [(name: String, schema: Int)] = []
        for (name, value) in reading.object[key]?.object?.members ?? [] {
            result.append((name, try load(value, reading.base, depth: reading.depth)))
        }
        return result
    }
}
