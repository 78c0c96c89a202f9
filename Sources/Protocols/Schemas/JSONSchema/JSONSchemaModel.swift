// A JSON Schema as the comparison sees it: each schema is of one kind, and one that says things of
// several kinds is all of several. Source: the model of everit-org/json-schema, which Confluent's
// comparison is made for.

import MillraceBase

enum JSONSchemaCriterion: String, Sendable {
    case all = "allOf"
    case any = "anyOf"
    case one = "oneOf"
}

/// Schemas inside stand as indexes into `JSONSchemaDocument.models`, so they may be recursive.
struct JSONSchemaModel: Sendable {
    enum Kind: Sendable {
        /// Says nothing of values.
        case empty
        /// `false`
        case never
        case boolean
        case null
        case string(JSONSchemaStringRules)
        case number(JSONSchemaNumberRules)
        case array(JSONSchemaArrayRules)
        case object(JSONSchemaObjectRules)
        case combined(JSONSchemaCriterion, [Int])
        case enumeration([JSONValue])
        case constant(JSONValue)
        case not(Int)
        case conditional
        case reference(Int)
    }

    var kind: Kind
    var hasDefault = false
    /// Of a branch of a choice: what its text hashes to, by which equal branches are found.
    var source: Int?
}

struct JSONSchemaStringRules: Sendable {
    var minLength: Double?
    var maxLength: Double?
    var pattern: String?
}

struct JSONSchemaNumberRules: Sendable {
    var minimum: Double?
    var maximum: Double?
    var exclusiveMinimum: Double?
    var exclusiveMaximum: Double?
    /// Draft 4 says only whether the bound itself is excluded.
    var isMinimumExclusive = false
    var isMaximumExclusive = false
    var multipleOf: Double?
    var isInteger = false
}

struct JSONSchemaArrayRules: Sendable {
    /// Of every item; `nil` where items have places.
    var items: Int?
    /// Of items by place.
    var tuple: [Int] = []
    var allowsAdditional = true
    /// Of items after the tuple; `nil` when any are fine.
    var additional: Int?
    var unevaluated: Int?
    var minItems: Double?
    var maxItems: Double?
    var minContains: Double?
    var maxContains: Double?
    var isUnique = false
}

struct JSONSchemaObjectRules: Sendable {
    var properties: [(name: String, schema: Int)] = []
    var required: Set<String> = []
    var allowsAdditional = true
    /// Of members that `properties` does not name; `nil` when any are fine.
    var additional: Int?
    var unevaluated: Int?
    var patterns: [(pattern: String, schema: Int)] = []
    var dependentRequired: [(name: String, others: Set<String>)] = []
    var dependentSchemas: [(name: String, schema: Int)] = []
    var minProperties: Double?
    var maxProperties: Double?

    func property(_ name: String) -> Int? { properties.last { $0.name == name }?.schema }
}
