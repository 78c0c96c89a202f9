// A record of `_schemas` back from its bytes, whichever registry wrote them.

import MillraceBase
import MillraceSchemas

extension StoreRecord {
    /// - Throws: what is wrong, when the record is of a kind we know but does not have its shape.
    init(key: [UInt8]?, value: [UInt8]?, milliseconds: Int64?) throws(WireError) {
        let key = try Self.json(key ?? [], "key")
        let subject = key["subject"]?.string
        let type = key["keytype"]?.string
        // A schema's value is long, and is read when somebody asks for it.
        let body: JSONValue? =
            if type != "SCHEMA", let value { try Self.json(value, "value") } else { nil }
        switch type {
        case "SCHEMA":
            guard let subject, let version = key["version"]?.int, Int32(exactly: version) != nil
            else {
                throw WireError(.invalid("has no subject or version"), in: "SCHEMA key")
            }
            guard let value, !Self.isNull(value) else {
                self = .schemaRemoved(subject: subject, version: version)
                return
            }
            var schema = try Self.version(value, subject: subject, version: version)
            schema.milliseconds = milliseconds
            self = .schema(schema)
        case "DELETE_SUBJECT":
            guard let subject, let upTo = body?["version"]?.int else {
                self = .other
                return
            }
            self = .subjectDeleted(subject, upTo: upTo)
        case "CLEAR_SUBJECT": self = body == nil ? .other : .subjectsCleared(subject)
        case "CONFIG": self = .config(subject: subject, try Self.config(body))
        case "MODE":
            self = .mode(
                subject: subject, (body?["mode"]?.string).flatMap(RegistryMode.init(rawValue:)))
        case "CONTEXT":
            guard let context = key["context"]?.string else {
                throw WireError(.invalid("has no context"), in: "CONTEXT key")
            }
            self = .context(context, exists: body != nil)
        case "ASSOC": self = try Self.association(key, body, milliseconds)
        default: self = .other  // Keys of newer registries are theirs, and stay in the topic.
        }
    }

    private static func association(
        _ key: JSONValue, _ body: JSONValue?, _ milliseconds: Int64?
    ) throws(WireError) -> StoreRecord {
        guard let name = key["resourceName"]?.string, let subject = key["subject"]?.string,
            let namespace = key["resourceNamespace"]?.string,
            let resourceType = key["resourceType"]?.string,
            let associationType = key["associationType"]?.string
        else { throw WireError(.invalid("has no resource or subject"), in: "ASSOC key") }
        let place = AssociationKey(
            resourceName: name, resourceNamespace: namespace, resourceType: resourceType,
            associationType: associationType, subject: subject)
        guard let body, !body.isNull else { return .association(place, nil) }
        guard let id = body["resourceId"]?.string, let guid = body["guid"]?.string,
            let lifecycle = (body["lifecycle"]?.string).flatMap(
                AssociationLifecycle.init(rawValue:))
        else { throw WireError(.invalid("has no resource or lifecycle"), in: "ASSOC value") }
        return .association(
            place,
            Association(
                key: place, guid: guid, resourceID: id, lifecycle: lifecycle,
                isFrozen: body["frozen"]?.bool ?? false,
                createdMilliseconds: (body["createTs"]?.int).map(Int64.init) ?? milliseconds,
                updatedMilliseconds: milliseconds))
    }

    private static func json(_ bytes: [UInt8], _ field: String) throws(WireError) -> JSONValue {
        do throws(JSONError) { return try JSONParser.parse(bytes) } catch {
            throw WireError(.invalid("is not JSON"), in: "_schemas \(field)")
        }
    }

    private static func config(_ body: JSONValue?) throws(WireError) -> SubjectConfig? {
        guard let body, !body.isNull else { return nil }
        var config = SubjectConfig()
        do throws(APIError) {
            try config.update(body, levelName: "compatibilityLevel")
        } catch {
            throw WireError(.invalid("is malformed: \(error.message)"), in: "CONFIG value")
        }
        return config
    }

    private static func isNull(_ value: [UInt8]) -> Bool { value == Array("null".utf8) }

    private static func version(_ value: [UInt8], subject: String, version: Int)
        throws(WireError) -> SchemaVersion
    {
        guard let outline = RecordOutline(value) else {
            throw WireError(.invalid("is not JSON"), in: "_schemas value")
        }
        func text(_ name: String) -> String? {
            outline[name].map { String(decoding: value[$0], as: UTF8.self) }
        }
        func json(_ name: String) -> JSONValue? {
            outline[name].flatMap { try? JSONParser.parse(Array(value[$0])) }
        }
        let hasText = outline["schema"].map { value[$0.lowerBound] == UInt8(ascii: "\"") } ?? false
        let type = text("schemaType").map { $0.filter { $0 != "\"" } } ?? "AVRO"
        let isKnown = type == "null" || SchemaKind(rawValue: type) != nil
        guard let id = text("id").flatMap({ Int32($0) }), hasText, isKnown,
            let references = SchemaReference.list(json("references"))
        else {
            throw WireError(.invalid("has no id, schema or known type"), in: "SCHEMA value")
        }
        var schema = SchemaVersion(
            subject: subject, version: version, id: Int(id), stored: StoredContent(raw: value),
            references: references)
        schema.isDeleted = text("deleted") == "true"
        return schema
    }
}
