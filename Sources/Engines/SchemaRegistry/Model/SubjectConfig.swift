// What is configured for a subject, a context or all: the level, and all that goes with it.
// Source: Confluent's Config, ConfigUpdateRequest and ConfigValue.

import MillraceBase
import MillraceSchemas

struct SubjectConfig: Sendable, Equatable {
    var alias: String?
    var normalize: Bool?
    var validateFields: Bool?
    var validateNames: Bool?
    var level: CompatibilityLevel?
    var policy: CompatibilityPolicy?
    /// The name of a property; only versions with the same value of it are compared.
    var group: String?
    var defaultMetadata: SchemaMetadata?
    var overrideMetadata: SchemaMetadata?
    var defaultRuleSet: RuleSet?
    var overrideRuleSet: RuleSet?

    static let standardLevel = CompatibilityLevel.backward

    init() {}

    var changesSchemas: Bool {
        defaultMetadata != nil || overrideMetadata != nil || defaultRuleSet != nil
            || overrideRuleSet != nil
    }

    /// What stands in an update replaces; `null` takes away; what does not stand there stays.
    ///
    /// - Parameter levelName: "compatibility" in a request, "compatibilityLevel" in a record.
    mutating func update(_ json: JSONValue, levelName: String) throws(APIError) {
        guard let object = json.object else { throw .badRequest("an object is expected") }
        for (name, value) in object.members {
            switch name {
            case levelName: level = try Self.level(value)
            case "compatibilityPolicy": policy = try Self.policy(value)
            case "alias": alias = try Self.text(value, name)
            case "compatibilityGroup": group = try Self.text(value, name)
            case "normalize": normalize = try Self.flag(value, name)
            case "validateFields": validateFields = try Self.flag(value, name)
            case "validateNames": validateNames = try Self.flag(value, name)
            case "defaultMetadata": defaultMetadata = try Self.metadata(value, name)
            case "overrideMetadata": overrideMetadata = try Self.metadata(value, name)
            case "defaultRuleSet": defaultRuleSet = try Self.ruleSet(value, name)
            case "overrideRuleSet": overrideRuleSet = try Self.ruleSet(value, name)
            default: break  // Members of newer registries.
            }
        }
    }

    private static func level(_ value: JSONValue) throws(APIError) -> CompatibilityLevel? {
        if value.isNull { return nil }
        let text = value.string?.uppercased() ?? ""
        guard let level = CompatibilityLevel(rawValue: text) else { throw .invalidLevel }
        return level
    }

    private static func policy(_ value: JSONValue) throws(APIError) -> CompatibilityPolicy? {
        if value.isNull { return nil }
        let text = value.string?.uppercased() ?? ""
        guard let policy = CompatibilityPolicy(rawValue: text) else { throw .invalidLevel }
        return policy
    }

    private static func text(_ value: JSONValue, _ name: String) throws(APIError) -> String? {
        if value.isNull { return nil }
        guard let text = SchemaMetadata.text(value) else { throw .badRequest("\(name) is no text") }
        return text.isEmpty ? nil : text
    }

    private static func flag(_ value: JSONValue, _ name: String) throws(APIError) -> Bool? {
        if value.isNull { return nil }
        guard let flag = value.bool else { throw .badRequest("\(name) is neither true nor false") }
        return flag
    }

    private static func metadata(_ value: JSONValue, _ name: String) throws(APIError)
        -> SchemaMetadata?
    {
        if value.isNull { return nil }
        guard let metadata = SchemaMetadata(value) else {
            throw .badRequest("\(name) is malformed")
        }
        return metadata
    }

    private static func ruleSet(_ value: JSONValue, _ name: String) throws(APIError) -> RuleSet? {
        if value.isNull { return nil }
        guard let rules = RuleSet(value) else { throw .badRequest("\(name) is malformed") }
        if let fault = rules.fault { throw .invalidRuleSet(fault) }
        return rules
    }

    /// - Parameter levelName: as in `update`.
    func members(levelName: String) -> JSONObject {
        var object = JSONObject()
        if let alias { object["alias"] = .string(alias) }
        if let normalize { object["normalize"] = .bool(normalize) }
        if let validateFields { object["validateFields"] = .bool(validateFields) }
        if let validateNames { object["validateNames"] = .bool(validateNames) }
        if let level { object[levelName] = .string(level.rawValue) }
        if let policy { object["compatibilityPolicy"] = .string(policy.rawValue) }
        if let group { object["compatibilityGroup"] = .string(group) }
        if let defaultMetadata { object["defaultMetadata"] = defaultMetadata.json }
        if let overrideMetadata { object["overrideMetadata"] = overrideMetadata.json }
        if let defaultRuleSet { object["defaultRuleSet"] = defaultRuleSet.json }
        if let overrideRuleSet { object["overrideRuleSet"] = overrideRuleSet.json }
        return object
    }
}
