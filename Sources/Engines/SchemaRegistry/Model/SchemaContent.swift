// What makes a schema the same schema: its text and all that was registered with it.

import MillraceBase
import MillraceSchemas

/// Two equal contents have one id in a context, and one GUID everywhere.
struct SchemaContent: Sendable, Hashable {
    var kind: SchemaKind
    /// In the form that is kept: canonical, or normalised when that was asked for.
    var text: String
    var references: [SchemaReference] = []
    var metadata: SchemaMetadata?
    var ruleSet: RuleSet?

    /// MD5 of the text, the references, the metadata and the rules, in the shape of a UUID.
    /// Source: Confluent's Schema.updateHash; its test vectors are ours too.
    var guid: String {
        var digest = Array(text.utf8)
        for reference in references {
            digest += reference.name.utf8
            digest += reference.subject.utf8
            let version = UInt32(truncatingIfNeeded: reference.version)
            for shift in [24, 16, 8, 0] {
                digest.append(UInt8(truncatingIfNeeded: version >> shift))
            }
        }
        if let metadata {
            digest.append(1)
            metadata.hash(into: &digest)
        }
        if let ruleSet {
            digest.append(1)
            ruleSet.hash(into: &digest)
        }
        return MD5.uuid(of: digest)
    }

    /// The members of an answer and of a record, in Confluent's order; Avro's type is left out.
    func members(showsAvro: Bool = false) -> JSONObject {
        var object = JSONObject()
        if kind != .avro || showsAvro { object["schemaType"] = .string(kind.rawValue) }
        if !references.isEmpty { object["references"] = .array(references.map(\.json)) }
        if let metadata { object["metadata"] = metadata.json }
        if let ruleSet { object["ruleSet"] = ruleSet.json }
        object["schema"] = .string(text)
        return object
    }

    /// The same text, references and rules, and the same metadata but for the version in it, when
    /// this one has none.
    func isSameButVersion(as other: SchemaContent) -> Bool {
        guard kind == other.kind, text == other.text, references == other.references else {
            return false
        }
        return hasSameDetails(as: other)
    }

    func hasSameDetails(as other: SchemaContent) -> Bool {
        guard ruleSet == other.ruleSet else { return false }
        if metadata == other.metadata { return true }
        guard metadata?.version == nil, let theirs = other.metadata, theirs.version != nil else {
            return false
        }
        return (metadata ?? SchemaMetadata()) == theirs.settingVersion(nil)
    }
}

extension SchemaReference {
    var json: JSONValue {
        [
            "name": .string(name), "subject": .string(subject), "version": JSONValue(version),
        ]
    }

    /// - Returns: `nil` when it does not have the shape.
    init?(_ json: JSONValue) {
        guard let name = json["name"]?.string, let subject = json["subject"]?.string,
            let version = json["version"]?.int, Int32(exactly: version) != nil
        else { return nil }
        self.init(name: name, subject: subject, version: version)
    }

    /// - Returns: `nil` when one of them does not have the shape.
    static func list(_ json: JSONValue?) -> [SchemaReference]? {
        guard let json, !json.isNull else { return [] }
        guard let items = json.array else { return nil }
        let list = items.compactMap { SchemaReference($0) }
        return list.count == items.count ? list : nil
    }
}
