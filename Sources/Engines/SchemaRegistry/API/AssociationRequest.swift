// The bodies of changes of associations, checked.
// Source: Confluent's AssociationCreateOrUpdateRequest and AssociationOpRequest.

import MillraceBase

/// A resource, and what is to become of its associations.
struct AssociationRequest: Sendable {
    var resourceName: String
    var resourceNamespace: String
    /// `nil` only in a dry run.
    var resourceID: String?
    var resourceType: String
    var operations: [AssociationOperation]

    /// The length of a resource's name.
    private static let nameLengthMax = 256

    /// - Parameters:
    ///   - resourceID: of the path; the body must not name another one.
    ///   - kind: what every entry is; `nil` when each says it itself.
    init(
        _ body: JSONValue, resourceID: String? = nil, kind: AssociationOperation.Kind?,
        isDryRun: Bool
    ) throws(APIError) {
        resourceName = try Self.name(body, "resourceName")
        resourceNamespace = try Self.name(body, "resourceNamespace")
        let given = try Self.text(body, "resourceId")
        if let resourceID, let given, given != resourceID {
            throw .invalidAssociation(
                "resourceId",
                "Resource ID in the path parameter does not match the resource ID in the request "
                    + "body")
        }
        self.resourceID = given ?? resourceID
        guard isDryRun || self.resourceID != nil else {
            throw .invalidAssociation("resourceId", "cannot be null or empty")
        }
        resourceType = try Self.text(body, "resourceType") ?? AssociationKey.topic
        guard resourceType == AssociationKey.topic else {
            throw .invalidAssociation("resourceType", "must be '\(AssociationKey.topic)'")
        }
        let entries = body["associations"]?.array ?? []
        guard !entries.isEmpty else {
            throw .invalidAssociation("associations", "cannot be null or empty")
        }
        guard entries.count <= RegistryServerLimits.associationOperationsMax else {
            throw .tooManyOperations
        }
        operations = []
        for entry in entries {
            var operation = try AssociationOperation(entry, kind)
            try operation.complete(resourceNamespace, resourceName)
            operations.append(operation)
        }
        let states = Set(operations.compactMap(\.isFrozen))
        guard states.count <= 1 else { throw AssociationOperation.mixedFrozen }
    }

    static func text(_ body: JSONValue, _ name: String) throws(APIError) -> String? {
        guard let value = body[name], !value.isNull else { return nil }
        guard let text = SchemaMetadata.text(value) else { throw .badRequest("\(name) is no text") }
        return text.isEmpty ? nil : text
    }

    private static func name(_ body: JSONValue, _ property: String) throws(APIError) -> String {
        guard let name = try text(body, property) else {
            throw .invalidAssociation(property, "cannot be null or empty")
        }
        guard name.count <= nameLengthMax else {
            throw .invalidAssociation(property, "exceeds max length of \(nameLengthMax)")
        }
        // A topic's name may have points; a server of Confluent refuses them, as here.
        let strange = name.first { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
        if let strange { throw .invalidAssociation(property, "illegal character '\(strange)'") }
        return name
    }
}

/// One entry: what is to become of the keys' or the values' association.
struct AssociationOperation: Sendable {
    enum Kind: String, Sendable {
        case create = "CREATE", upsert = "UPSERT", delete = "DELETE"
    }

    var kind: Kind
    var subject: String?
    var type: String
    /// `nil`: stays what it is.
    var lifecycle: AssociationLifecycle?
    var isFrozen: Bool?
    var schema: SchemaGiven?
    var isNormalized: Bool

    static let mixedFrozen = APIError.invalidAssociation(
        "frozen", "all associations for a resource must be consistently frozen or non-frozen")

    init(_ entry: JSONValue, _ kind: Kind?) throws(APIError) {
        guard let known = kind ?? (entry["opType"]?.string).flatMap(Kind.init(rawValue:)) else {
            throw .invalidAssociation("opType", "must be CREATE, UPSERT or DELETE")
        }
        self.kind = known
        subject = try AssociationRequest.text(entry, "subject")
        if let subject, !QualifiedSubject(subject).isValid(isSetting: false) {
            throw .invalidAssociation("subject", "must not be empty")
        }
        type = try AssociationRequest.text(entry, "associationType") ?? AssociationKey.standardType
        guard AssociationKey.types.contains(type) else {
            throw .invalidAssociation("associationType", "must be either 'key' or 'value'")
        }
        lifecycle = try Self.lifecycle(try AssociationRequest.text(entry, "lifecycle"))
        isFrozen = entry["frozen"]?.bool
        if let schema = entry["schema"], !schema.isNull { self.schema = try SchemaGiven(schema) }
        isNormalized = entry["normalize"]?.bool ?? false
    }

    static func lifecycle(_ text: String?) throws(APIError) -> AssociationLifecycle? {
        guard let text else { return nil }
        guard let lifecycle = AssociationLifecycle(rawValue: text) else {
            throw .invalidAssociation("lifecycle", "must be STRONG or WEAK")
        }
        return lifecycle
    }

    /// Sets what was left out, and refuses what contradicts itself.
    mutating func complete(_ namespace: String, _ resource: String) throws(APIError) {
        guard kind != .delete else { return }
        let standard = ":.\(namespace):\(resource)-\(type)"
        if schema != nil {
            if lifecycle == .weak {
                throw .invalidAssociation("lifecycle", "cannot be WEAK when schema is provided")
            }
            lifecycle = .strong
            if kind == .create {
                if isFrozen == false {
                    throw .invalidAssociation("frozen", "cannot be false when schema is provided")
                }
                isFrozen = true
            }
        } else if kind == .create {
            if isFrozen == true {
                throw .invalidAssociation("frozen", "cannot be true when schema is not provided")
            }
            lifecycle = lifecycle ?? .weak
        }
        if lifecycle == .weak {
            if isFrozen == true {
                throw .invalidAssociation(
                    "frozen", "association with lifecycle of WEAK cannot be frozen")
            }
            guard subject != nil else {
                throw .invalidAssociation("subject", "cannot be null when lifecycle is WEAK")
            }
            if subject == standard {
                throw .invalidAssociation(
                    "lifecycle", "cannot be WEAK when subject matches default format '\(standard)'")
            }
        }
        subject = subject ?? standard
        if isFrozen == true, subject != standard {
            throw .invalidAssociation(
                "subject", "frozen associations must use subject '\(standard)'")
        }
    }
}
