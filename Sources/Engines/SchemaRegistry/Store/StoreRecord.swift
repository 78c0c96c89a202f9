// The records of `_schemas`, in Confluent's form: what each says. Source: reference/kafka.md C3.

import MillraceBase
import MillraceSchemas

/// A change, as it is written down and as it is read back.
enum StoreRecord: Sendable, Equatable {
    case schema(SchemaVersion)
    /// A tombstone: the version is gone for good.
    case schemaRemoved(subject: String, version: Int)
    /// All versions up to this one are soft deleted.
    case subjectDeleted(String, upTo: Int)
    /// Soft-deleted versions are gone for good; `nil`: of all subjects, a context: of its subjects.
    case subjectsCleared(String?)
    /// `nil` subject: of all; `nil` config: none any more.
    case config(subject: String?, SubjectConfig?)
    case mode(subject: String?, RegistryMode?)
    case context(String, exists: Bool)
    /// `nil`: none any more.
    case association(AssociationKey, Association?)
    /// Nothing we keep: NOOP, or a record of a newer registry.
    case other

    /// Members in the order that Confluent's registry writes; equal keys must be equal bytes,
    /// or compaction would keep both.
    var key: [UInt8] {
        let value: JSONValue =
            switch self {
            case .schema(let version): Self.schemaKey(version.subject, version.version)
            case .schemaRemoved(let subject, let version): Self.schemaKey(subject, version)
            case .subjectDeleted(let subject, _): Self.subjectKey("DELETE_SUBJECT", subject)
            case .subjectsCleared(let subject): Self.subjectKey("CLEAR_SUBJECT", subject)
            case .config(let subject, _): Self.subjectKey("CONFIG", subject)
            case .mode(let subject, _): Self.subjectKey("MODE", subject)
            case .context(let context, _):
                [
                    "keytype": "CONTEXT", "tenant": "default", "context": .string(context),
                    "magic": 0,
                ]
            case .association(let key, _): Self.associationKey(key)
            case .other: ["keytype": "NOOP", "magic": 0]
            }
        return value.bytes
    }

    private static func associationKey(_ key: AssociationKey) -> JSONValue {
        [
            "keytype": "ASSOC", "tenant": "default", "resourceName": .string(key.resourceName),
            "resourceNamespace": .string(key.resourceNamespace),
            "resourceType": .string(key.resourceType),
            "associationType": .string(key.associationType), "subject": .string(key.subject),
            "magic": 0,
        ]
    }

    private static func schemaKey(_ subject: String, _ version: Int) -> JSONValue {
        [
            "keytype": "SCHEMA", "subject": .string(subject), "version": JSONValue(version),
            "magic": 1,
        ]
    }

    private static func subjectKey(_ type: String, _ subject: String?) -> JSONValue {
        ["keytype": .string(type), "subject": JSONValue(subject), "magic": 0]
    }

    /// `nil` is a tombstone.
    var value: [UInt8]? {
        switch self {
        case .schema(let version):
            var object = JSONObject([
                ("subject", .string(version.subject)), ("version", JSONValue(version.version)),
                ("id", JSONValue(version.id)),
            ])
            object.members += version.content.members().members
            object.members.append(("deleted", .bool(version.isDeleted)))
            return JSONValue.object(object).bytes
        case .subjectDeleted(let subject, let upTo):
            let value: JSONValue = ["subject": .string(subject), "version": JSONValue(upTo)]
            return value.bytes
        case .subjectsCleared(let subject): return Self.object(subject, JSONObject())
        case .config(let subject, let config):
            return config.flatMap {
                Self.object(subject, $0.members(levelName: "compatibilityLevel"))
            }
        case .mode(let subject, let mode):
            return mode.flatMap { Self.object(subject, ["mode": .string($0.rawValue)]) }
        case .context(let context, let exists):
            guard exists else { return nil }
            let value: JSONValue = ["tenant": "default", "context": .string(context)]
            return value.bytes
        case .association(_, let association): return association?.record.bytes
        case .schemaRemoved, .other: return nil
        }
    }

    private static func object(_ subject: String?, _ members: JSONObject) -> [UInt8] {
        var object = JSONObject()
        if let subject { object["subject"] = .string(subject) }
        object.members += members.members
        return JSONValue.object(object).bytes
    }
}

extension Association {
    /// As its record has it: the times are the records' own, but for the first one's.
    fileprivate var record: JSONValue {
        var object = JSONObject([
            ("subject", .string(subject)), ("guid", .string(guid)), ("tenant", "default"),
            ("resourceName", .string(key.resourceName)),
            ("resourceNamespace", .string(key.resourceNamespace)),
            ("resourceId", .string(resourceID)), ("resourceType", .string(key.resourceType)),
            ("associationType", .string(key.associationType)),
            ("lifecycle", .string(lifecycle.rawValue)), ("frozen", .bool(isFrozen)),
        ])
        if let createdMilliseconds { object["createTs"] = JSONValue(createdMilliseconds) }
        return .object(object)
    }
}
