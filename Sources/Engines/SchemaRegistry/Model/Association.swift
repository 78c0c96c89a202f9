// Which subject holds the keys or the values of a topic: an association of a resource and a subject.
// Source: Confluent's entities/Association and storage/AssociationKey.

import MillraceBase

/// What names one association; there is one for each.
struct AssociationKey: Sendable, Hashable, Comparable {
    var resourceName: String
    var resourceNamespace: String
    /// Always "topic".
    var resourceType: String
    /// "key" or "value".
    var associationType: String
    var subject: String

    static let types = ["key", "value"]
    static let standardType = "value"
    static let topic = "topic"
    /// Stands for every namespace in a question.
    static let wildcard = "-"

    static func < (a: Self, b: Self) -> Bool {
        (a.resourceName, a.resourceNamespace, a.resourceType, a.associationType, a.subject)
            < (b.resourceName, b.resourceNamespace, b.resourceType, b.associationType, b.subject)
    }
}

/// How a subject's life hangs on its resource.
enum AssociationLifecycle: String, Sendable {
    /// The only association of its subject, which can be deleted with it.
    case strong = "STRONG"
    case weak = "WEAK"
}

struct Association: Sendable, Equatable {
    var key: AssociationKey
    var guid: String
    var resourceID: String
    var lifecycle: AssociationLifecycle
    /// It cannot be changed, only deleted together with its subject.
    var isFrozen: Bool
    /// When the first and the last record of it were written, in milliseconds since 1970.
    var createdMilliseconds: Int64?
    var updatedMilliseconds: Int64?

    var subject: String { key.subject }

    var json: JSONValue {
        var object = JSONObject([
            ("subject", .string(subject)), ("guid", .string(guid)),
            ("resourceName", .string(key.resourceName)),
            ("resourceNamespace", .string(key.resourceNamespace)),
            ("resourceId", .string(resourceID)), ("resourceType", .string(key.resourceType)),
            ("associationType", .string(key.associationType)),
            ("lifecycle", .string(lifecycle.rawValue)), ("frozen", .bool(isFrozen)),
        ])
        if let createdMilliseconds { object["createTs"] = JSONValue(createdMilliseconds) }
        if let updatedMilliseconds { object["updateTs"] = JSONValue(updatedMilliseconds) }
        return .object(object)
    }

    /// As a change answers, under a resource that is named once.
    ///
    /// - Parameter schema: the version that was registered with it.
    func member(_ schema: JSONValue?) -> JSONValue {
        var object = JSONObject([
            ("subject", .string(subject)), ("associationType", .string(key.associationType)),
            ("lifecycle", .string(lifecycle.rawValue)), ("frozen", .bool(isFrozen)),
        ])
        object["schema"] = schema
        return .object(object)
    }
}

/// Which associations a question wants.
struct AssociationFilter: Sendable {
    var resourceType: String?
    /// Empty: all.
    var associationTypes: [String] = []
    var lifecycle: AssociationLifecycle?

    func matching(_ associations: [Association]) -> [Association] {
        associations.filter {
            (resourceType ?? $0.key.resourceType) == $0.key.resourceType
                && (associationTypes.isEmpty || associationTypes.contains($0.key.associationType))
                && (lifecycle ?? $0.lifecycle) == $0.lifecycle
        }
    }
}

extension SchemaTable {
    /// In the keys' order; of every lifecycle and type.
    func associations(of subject: String) -> [Association] {
        sorted { $0.subject == subject }
    }

    func associations(resourceID: String) -> [Association] {
        sorted { $0.resourceID == resourceID }
    }

    /// - Parameter namespace: "-" is any.
    func associations(resourceName: String, namespace: String) -> [Association] {
        sorted {
            $0.key.resourceName == resourceName
                && (namespace == AssociationKey.wildcard || $0.key.resourceNamespace == namespace)
        }
    }

    private func sorted(_ isWanted: (Association) -> Bool) -> [Association] {
        if associations.isEmpty { return [] }
        return associations.values.filter(isWanted).sorted { $0.key < $1.key }
    }
}
