// Rules that a schema's clients apply to data: stored and answered here, run by them.
// Source: Confluent's entities/Rule and RuleSet.

import MillraceBase

struct SchemaRule: Sendable, Hashable {
    var name: String?
    var doc: String?
    /// TRANSFORM or CONDITION.
    var kind = "TRANSFORM"
    var mode = "WRITEREAD"
    var type: String?
    var tags: [String] = []
    var params: [String: String] = [:]
    var expr: String?
    var onSuccess: String?
    var onFailure: String?
    var isDisabled = false

    static let kinds: Set<String> = ["TRANSFORM", "CONDITION"]
    static let migrationModes: Set<String> = ["UPGRADE", "DOWNGRADE", "UPDOWN"]
    static let domainModes: Set<String> = ["WRITE", "READ", "WRITEREAD"]

    /// - Returns: `nil` when it does not have the shape.
    init?(_ json: JSONValue) {
        guard let object = json.object else { return nil }
        func text(_ name: String) -> String? { object[name].flatMap(SchemaMetadata.text) }
        name = text("name")
        doc = text("doc")
        kind = text("kind") ?? kind
        mode = text("mode") ?? mode
        type = text("type")
        expr = text("expr")
        onSuccess = text("onSuccess")
        onFailure = text("onFailure")
        isDisabled = object["disabled"]?.bool ?? false
        guard Self.kinds.contains(kind),
            Self.migrationModes.contains(mode) || Self.domainModes.contains(mode)
        else { return nil }
        if let value = object["tags"], !value.isNull {
            guard let list = SchemaMetadata.set(value) else { return nil }
            tags = list
        }
        if let value = object["params"], !value.isNull {
            guard let map = SchemaMetadata.map(value) else { return nil }
            params = map
        }
    }

    var json: JSONValue {
        var object = JSONObject()
        if let name { object["name"] = .string(name) }
        if let doc { object["doc"] = .string(doc) }
        object["kind"] = .string(kind)
        object["mode"] = .string(mode)
        if let type { object["type"] = .string(type) }
        if !tags.isEmpty { object["tags"] = .array(tags.map { .string($0) }) }
        if !params.isEmpty { object["params"] = SchemaMetadata.json(params) }
        if let expr { object["expr"] = .string(expr) }
        if let onSuccess { object["onSuccess"] = .string(onSuccess) }
        if let onFailure { object["onFailure"] = .string(onFailure) }
        object["disabled"] = .bool(isDisabled)
        return .object(object)
    }

    func hash(into digest: inout [UInt8]) {
        for text in [name, doc, kind, mode, type] { digest += (text ?? "").utf8 }
        for tag in tags { digest += tag.utf8 }
        for (name, value) in params.sorted(by: { $0.key < $1.key }) {
            digest += name.utf8
            digest += value.utf8
        }
        for text in [expr, onSuccess, onFailure] { digest += (text ?? "").utf8 }
        if isDisabled { digest.append(1) }
    }

    /// - Returns: what is wrong with it; `nil` when it is a rule.
    fileprivate var fault: String? {
        guard let name else { return "Missing rule name" }
        guard let first = name.first else { return "Empty rule name" }
        guard first.isLetter || first == "_" else {
            return "Illegal initial character in rule name: \(name)"
        }
        guard name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }) else {
            return "Illegal character in rule name: \(name)"
        }
        return type == nil ? "Missing rule type" : nil
    }
}

struct RuleSet: Sendable, Hashable {
    var migrationRules: [SchemaRule] = []
    var domainRules: [SchemaRule] = []
    var encodingRules: [SchemaRule] = []

    init() {}

    /// - Returns: `nil` when it does not have the shape.
    init?(_ json: JSONValue) {
        guard let object = json.object else { return nil }
        func rules(_ name: String) -> [SchemaRule]? {
            guard let value = object[name], !value.isNull else { return [] }
            guard let items = value.array else { return nil }
            let rules = items.compactMap(SchemaRule.init)
            return rules.count == items.count ? rules : nil
        }
        guard let migration = rules("migrationRules"), let domain = rules("domainRules"),
            let encoding = rules("encodingRules")
        else { return nil }
        (migrationRules, domainRules, encodingRules) = (migration, domain, encoding)
    }

    /// Empty lists are left out.
    var json: JSONValue {
        var object = JSONObject()
        for (name, rules) in lists where !rules.isEmpty {
            object[name] = .array(rules.map(\.json))
        }
        return .object(object)
    }

    private var lists: [(String, [SchemaRule])] {
        [
            ("migrationRules", migrationRules), ("domainRules", domainRules),
            ("encodingRules", encodingRules),
        ]
    }

    func has(type: String) -> Bool { lists.contains { $0.1.contains { $0.type == type } } }

    func hash(into digest: inout [UInt8]) {
        for (_, rules) in lists { for rule in rules { rule.hash(into: &digest) } }
    }

    /// - Returns: what is wrong with it; `nil` when it may be stored.
    var fault: String? {
        var names: Set<String> = []
        for (list, rules) in lists {
            let isMigration = list == "migrationRules"
            let modes = isMigration ? SchemaRule.migrationModes : SchemaRule.domainModes
            for rule in rules {
                if let fault = rule.fault { return fault }
                if let name = rule.name, !names.insert(name).inserted {
                    return "Found rule with duplicate name '\(name)'"
                }
                if modes.contains(rule.mode) { continue }
                return isMigration
                    ? "Migration rules can only be UPGRADE, DOWNGRADE, UPDOWN"
                    : "Domain rules can only be WRITE, READ, WRITEREAD"
            }
        }
        return nil
    }

    /// Both; of equal names in one list the newer one's.
    static func merged(_ older: RuleSet?, _ newer: RuleSet?) -> RuleSet? {
        guard let older, let newer else { return newer ?? older }
        func merged(_ path: KeyPath<RuleSet, [SchemaRule]>) -> [SchemaRule] {
            let names = Set(newer[keyPath: path].map(\.name))
            return older[keyPath: path].filter { !names.contains($0.name) } + newer[keyPath: path]
        }
        var out = RuleSet()
        out.migrationRules = merged(\.migrationRules)
        out.domainRules = merged(\.domainRules)
        out.encodingRules = merged(\.encodingRules)
        return out
    }

    func removing(_ names: [String]) -> RuleSet {
        var copy = self
        func isGone(_ rule: SchemaRule) -> Bool { rule.name.map(names.contains) ?? false }
        copy.migrationRules.removeAll(where: isGone)
        copy.domainRules.removeAll(where: isGone)
        copy.encodingRules.removeAll(where: isGone)
        return copy
    }
}
