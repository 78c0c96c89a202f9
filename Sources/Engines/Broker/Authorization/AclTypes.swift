// The words of access control: operations, resources, patterns, permissions, and one rule.
// Source: apache/kafka clients AclOperation.java, ResourceType.java, PatternType.java

import KafkaProtocol

/// What somebody wants to do. Raw values are Kafka's, on the wire and in the log.
package enum AclOperation: Int8, Sendable, CaseIterable {
    case any = 1
    case all, read, write, create, delete, alter, describe, clusterAction, describeConfigs,
        alterConfigs, idempotentWrite, createTokens, describeTokens, twoPhaseCommit
}

/// What it is done to.
package enum AclResourceType: Int8, Sendable, CaseIterable {
    case any = 1
    case topic, group, cluster, transactionalID, delegationToken, user
}

/// How a rule's or filter's name is compared.
package enum AclPatternType: Int8, Sendable, CaseIterable {
    /// In filters: rules of either pattern.
    case any = 1
    /// In filters: every rule that would apply to the name.
    case match
    case literal, prefixed
}

package enum AclPermission: Int8, Sendable, CaseIterable {
    case any = 1
    case deny, allow
}

/// One thing that is protected.
package struct AclResource: Hashable, Sendable {
    package var type: AclResourceType
    package var name: String

    package init(_ type: AclResourceType, _ name: String) {
        self.type = type
        self.name = name
    }

    /// The one cluster there is.
    package static let cluster = AclResource(.cluster, "kafka-cluster")

    package static func topic(_ name: String) -> Self { Self(.topic, name) }
    package static func group(_ name: String) -> Self { Self(.group, name) }
    package static func transactionalID(_ name: String) -> Self { Self(.transactionalID, name) }
}

/// One rule: who may or may not do what to which.
package struct AccessControlEntry: Hashable, Sendable {
    package var resource: AclResource
    /// `literal` or `prefixed`.
    package var pattern: AclPatternType
    /// `User:name`, or `User:*` for everybody.
    package var principal: String
    /// An address, or `*` for all.
    package var host: String
    package var operation: AclOperation
    /// `allow` or `deny`.
    package var permission: AclPermission

    package init(
        resource: AclResource, pattern: AclPatternType, principal: String, host: String,
        operation: AclOperation, permission: AclPermission
    ) {
        self.resource = resource
        self.pattern = pattern
        self.principal = principal
        self.host = host
        self.operation = operation
        self.permission = permission
    }

    package static let everyName = "*"
    package static let everyPrincipal = "User:*"
}

extension AccessControlEntry {
    /// - Returns: `nil` for a record of kinds that are not known here.
    init?(_ record: AccessControlEntryRecord) {
        guard let type = AclResourceType(rawValue: record.resourceType),
            let pattern = AclPatternType(rawValue: record.patternType),
            let operation = AclOperation(rawValue: record.operation),
            let permission = AclPermission(rawValue: record.permissionType)
        else { return nil }
        self.init(
            resource: AclResource(type, record.resourceName), pattern: pattern,
            principal: record.principal, host: record.host, operation: operation,
            permission: permission)
    }

    func record(id: KafkaUUID) -> AccessControlEntryRecord {
        AccessControlEntryRecord {
            $0.id = id
            $0.resourceType = resource.type.rawValue
            $0.resourceName = resource.name
            $0.patternType = pattern.rawValue
            $0.principal = principal
            $0.host = host
            $0.operation = operation.rawValue
            $0.permissionType = permission.rawValue
        }
    }
}
