// Access control lists: what is allowed to whom, listed, added, removed.
// Source: apache/kafka clients/src/main/java/org/apache/kafka/common/acl/AclOperation.java and its neighbours

import KafkaProtocol

/// One rule. Names are Kafka's: `topic`, `literal`, `User:alice`, `read`, `allow`.
public struct AclRule: Sendable, Equatable, Hashable {
    public enum Resource: String, Sendable, CaseIterable {
        case any, topic, group, cluster, transactionalID = "transactional_id"
        case delegationToken = "delegation_token"
        case user

        var number: Int8 {
            switch self {
            case .any: 1
            case .topic: 2
            case .group: 3
            case .cluster: 4
            case .transactionalID: 5
            case .delegationToken: 6
            case .user: 7
            }
        }
    }

    public enum Pattern: String, Sendable, CaseIterable {
        /// In filters only; `match`: every rule that would apply to the name.
        case any, match
        case literal, prefixed

        var number: Int8 {
            switch self {
            case .any: 1
            case .match: 2
            case .literal: 3
            case .prefixed: 4
            }
        }
    }

    public enum Operation: String, Sendable, CaseIterable {
        case any, all, read, write, create, delete, alter, describe
        case clusterAction = "cluster_action"
        case describeConfigs = "describe_configs"
        case alterConfigs = "alter_configs"
        case idempotentWrite = "idempotent_write"
        case createTokens = "create_tokens"
        case describeTokens = "describe_tokens"

        /// In the order of the protocol, from 1 on.
        var number: Int8 { Int8(clamping: (Self.allCases.firstIndex(of: self) ?? 0) + 1) }
    }

    public enum Permission: String, Sendable, CaseIterable {
        case any, deny, allow

        var number: Int8 { Int8(clamping: (Self.allCases.firstIndex(of: self) ?? 0) + 1) }
    }

    public var resource: Resource
    public var name: String
    public var pattern: Pattern
    public var principal: String
    public var host: String
    public var operation: Operation
    public var permission: Permission

    public init(
        _ resource: Resource, _ name: String, pattern: Pattern = .literal, principal: String,
        host: String = "*", _ operation: Operation, _ permission: Permission = .allow
    ) {
        self.resource = resource
        self.name = name
        self.pattern = pattern
        self.principal = principal
        self.host = host
        self.operation = operation
        self.permission = permission
    }

    /// Numbers of a newer Kafka that have no name here give `nil`.
    init?(
        resource: Int8, name: String, pattern: Int8, principal: String, host: String,
        operation: Int8, permission: Int8
    ) {
        guard let resource = Resource.allCases.first(where: { $0.number == resource }),
            let pattern = Pattern.allCases.first(where: { $0.number == pattern }),
            let operation = Operation.allCases.first(where: { $0.number == operation }),
            let permission = Permission.allCases.first(where: { $0.number == permission })
        else { return nil }
        self.init(
            resource, name, pattern: pattern, principal: principal, host: host, operation,
            permission)
    }
}

/// Which rules are meant; `nil` and `any` match all.
public struct AclFilter: Sendable, Equatable {
    public var resource: AclRule.Resource = .any
    public var name: String?
    public var pattern: AclRule.Pattern = .any
    public var principal: String?
    public var host: String?
    public var operation: AclRule.Operation = .any
    public var permission: AclRule.Permission = .any

    public init() {}
}

extension KafkaAdmin {
    /// - Throws: SECURITY_DISABLED when the cluster has no authorizer.
    public func acls(_ filter: AclFilter = AclFilter()) async throws(KafkaError) -> [AclRule] {
        let request = DescribeAclsRequest {
            $0.resourceTypeFilter = filter.resource.number
            $0.resourceNameFilter = filter.name
            $0.patternTypeFilter = filter.pattern.number
            $0.principalFilter = filter.principal
            $0.hostFilter = filter.host
            $0.operation = filter.operation.number
            $0.permissionType = filter.permission.number
        }
        let response = try await cluster.controller(request).response
        guard response.errorCode == .none else {
            throw KafkaError(response.errorCode, response.errorMessage)
        }
        return response.resources.flatMap { resource in
            resource.acls.compactMap { acl in
                AclRule(
                    resource: resource.resourceType, name: resource.resourceName,
                    pattern: resource.patternType, principal: acl.principal, host: acl.host,
                    operation: acl.operation, permission: acl.permissionType)
            }
        }
    }

    public func createAcls(_ rules: [AclRule]) async throws(KafkaError) {
        let request = CreateAclsRequest {
            $0.creations = rules.map { rule in
                .init {
                    $0.resourceType = rule.resource.number
                    $0.resourceName = rule.name
                    $0.resourcePatternType = rule.pattern.number
                    $0.principal = rule.principal
                    $0.host = rule.host
                    $0.operation = rule.operation.number
                    $0.permissionType = rule.permission.number
                }
            }
        }
        let response = try await cluster.controller(request).response
        for result in response.results where result.errorCode != .none {
            throw KafkaError(result.errorCode, result.errorMessage)
        }
    }

    /// - Returns: the rules that were removed.
    public func deleteAcls(_ filter: AclFilter) async throws(KafkaError) -> [AclRule] {
        let request = DeleteAclsRequest {
            $0.filters = [
                .init {
                    $0.resourceTypeFilter = filter.resource.number
                    $0.resourceNameFilter = filter.name
                    $0.patternTypeFilter = filter.pattern.number
                    $0.principalFilter = filter.principal
                    $0.hostFilter = filter.host
                    $0.operation = filter.operation.number
                    $0.permissionType = filter.permission.number
                }
            ]
        }
        let response = try await cluster.controller(request).response
        var removed: [AclRule] = []
        for result in response.filterResults {
            guard result.errorCode == .none else {
                throw KafkaError(result.errorCode, result.errorMessage)
            }
            for acl in result.matchingAcls {
                guard acl.errorCode == .none else {
                    throw KafkaError(acl.errorCode, acl.errorMessage)
                }
                let rule = AclRule(
                    resource: acl.resourceType, name: acl.resourceName, pattern: acl.patternType,
                    principal: acl.principal, host: acl.host, operation: acl.operation,
                    permission: acl.permissionType)
                if let rule { removed.append(rule) }
            }
        }
        return removed
    }
}
