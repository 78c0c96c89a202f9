// The records of `_schemas`, in Confluent's form. Source: reference/kafka.md C3.

import MillraceBase
import MillraceSchemas

/// One stored version of a subject.
struct SchemaVersion: Sendable, Equatable {
    var subject: String
    var version: Int
    var id: Int
    var kind: SchemaKind
    var schema: String
    var isDeleted = false
}

enum RegistryMode: String, Sendable, CaseIterable {
    case readWrite = "READWRITE"
    case readOnly = "READONLY"
    case readOnlyOverride = "READONLY_OVERRIDE"
    case importing = "IMPORT"
    case forward = "FORWARD"

    var allowsWrites: Bool {
        switch self {
        case .readWrite, .importing: true
        case .readOnly, .readOnlyOverride, .forward: false
        }
    }
}

/// A change, as it is written down and as it is read back.
enum StoreRecord: Sendable, Equatable {
    case schema(SchemaVersion)
    /// A tombstone: the version is gone for good.
    case schemaRemoved(subject: String, version: Int)
    /// All versions up to this one are soft deleted.
    case subjectDeleted(String, upTo: Int)
    /// `nil` subject: of all; `nil` level: back to the default.
    case compatibility(subject: String?, CompatibilityLevel?)
    case mode(subject: String?, RegistryMode?)
    /// Nothing we keep: NOOP, contexts, associations, or a record of a newer registry.
    case other
}

extension StoreRecord {
    /// Members in the order that Confluent's registry writes; equal keys must be equal bytes,
    /// or compaction would keep both.
    var key: [UInt8] {
        let value: JSONValue =
            switch self {
            case .schema(let version): Self.schemaKey(version.subject, version.version)
            case .schemaRemoved(let subject, let version): Self.schemaKey(subject, version)
            case .subjectDeleted(let subject, _):
                ["keytype": "DELETE_SUBJECT", "subject": .string(subject), "magic": 0]
            case .compatibility(let subject, _):
                ["keytype": "CONFIG", "subject": JSONValue(subject), "magic": 0]
            case .mode(let subject, _):
                ["keytype": "MODE", "subject": JSONValue(subject), "magic": 0]
            case .other: ["keytype": "NOOP", "magic": 0]
            }
        return value.bytes
    }

    private static func schemaKey(_ subject: String, _ version: Int) -> JSONValue {
        [
            "keytype": "SCHEMA", "subject": .string(subject), "version": JSONValue(version),
            "magic": 1,
        ]
    }

    /// `nil` is a tombstone.
    var value: [UInt8]? {
        switch self {
        case .schema(let version):
            var object = JSONObject([
                ("subject", .string(version.subject)), ("version", JSONValue(version.version)),
                ("id", JSONValue(version.id)),
            ])
            if version.kind != .avro { object["schemaType"] = .string(version.kind.rawValue) }
            object["schema"] = .string(version.schema)
            object["deleted"] = .bool(version.isDeleted)
            return JSONValue.object(object).bytes
        case .subjectDeleted(let subject, let upTo):
            let value: JSONValue = ["subject": .string(subject), "version": JSONValue(upTo)]
            return value.bytes
        case .compatibility(_, let level):
            return level.map { level -> [UInt8] in
                let value: JSONValue = ["compatibilityLevel": .string(level.rawValue)]
                return value.bytes
            }
        case .mode(_, let mode):
            return mode.map { mode -> [UInt8] in
                let value: JSONValue = ["mode": .string(mode.rawValue)]
                return value.bytes
            }
        case .schemaRemoved, .other: return nil
        }
    }

    /// - Throws: what is wrong, when the record is of a kind we know but does not have its shape.
    init(key: [UInt8]?, value: [UInt8]?) throws(WireError) {
        let key = try Self.json(key ?? [], "key")
        let body: JSONValue? = if let value { try Self.json(value, "value") } else { nil }
        let subject = key["subject"]?.string
        switch key["keytype"]?.string {
        case "SCHEMA":
            guard let subject, let version = key["version"]?.int else {
                throw WireError(.invalid("has no subject or version"), in: "SCHEMA key")
            }
            guard let body else {
                self = .schemaRemoved(subject: subject, version: version)
                return
            }
            self = .schema(try Self.version(body, subject: subject, version: version))
        case "DELETE_SUBJECT":
            guard let subject, let upTo = body?["version"]?.int else {
                self = .other
                return
            }
            self = .subjectDeleted(subject, upTo: upTo)
        case "CONFIG":
            let level = body?["compatibilityLevel"]?.string ?? body?["compatibility"]?.string
            self = .compatibility(
                subject: subject, level.flatMap(CompatibilityLevel.init(rawValue:)))
        case "MODE":
            self = .mode(
                subject: subject, (body?["mode"]?.string).flatMap(RegistryMode.init(rawValue:)))
        default: self = .other  // Keys of newer registries are theirs, and stay in the topic.
        }
    }

    private static func json(_ bytes: [UInt8], _ field: String) throws(WireError) -> JSONValue {
        do throws(JSONError) { return try JSONParser.parse(bytes) } catch {
            throw WireError(.invalid("is not JSON"), in: "_schemas \(field)")
        }
    }

    private static func version(_ body: JSONValue, subject: String, version: Int)
        throws(WireError) -> SchemaVersion
    {
        let kind = SchemaKind(rawValue: body["schemaType"]?.string ?? "AVRO")
        guard let id = body["id"]?.int, let schema = body["schema"]?.string, let kind else {
            throw WireError(.invalid("has no id, schema or known type"), in: "SCHEMA value")
        }
        return SchemaVersion(
            subject: subject, version: version, id: id, kind: kind, schema: schema,
            isDeleted: body["deleted"]?.bool ?? false)
    }
}
