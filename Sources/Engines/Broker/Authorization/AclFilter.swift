// A filter over access rules, as DescribeAcls and DeleteAcls have it.
// Source: apache/kafka clients ResourcePatternFilter.java, AccessControlEntryFilter.java

/// Which rules are meant. `nil` names match every name.
package struct AclFilter: Equatable, Sendable {
    package var type: AclResourceType
    package var name: String?
    package var pattern: AclPatternType
    package var principal: String?
    package var host: String?
    package var operation: AclOperation
    package var permission: AclPermission

    package init(
        type: AclResourceType = .any, name: String? = nil, pattern: AclPatternType = .any,
        principal: String? = nil, host: String? = nil, operation: AclOperation = .any,
        permission: AclPermission = .any
    ) {
        self.type = type
        self.name = name
        self.pattern = pattern
        self.principal = principal
        self.host = host
        self.operation = operation
        self.permission = permission
    }

    package func matches(_ entry: AccessControlEntry) -> Bool {
        guard type == .any || type == entry.resource.type,
            operation == .any || operation == entry.operation,
            permission == .any || permission == entry.permission,
            principal.map({ $0 == entry.principal }) ?? true,
            host.map({ $0 == entry.host }) ?? true
        else { return false }
        return matchesName(entry)
    }

    private func matchesName(_ entry: AccessControlEntry) -> Bool {
        switch pattern {
        case .literal, .prefixed:
            guard pattern == entry.pattern else { return false }
            return name.map { $0 == entry.resource.name } ?? true
        case .any: return name.map { $0 == entry.resource.name } ?? true
        case .match:
            guard let name else { return true }
            if entry.pattern == .prefixed { return name.hasPrefix(entry.resource.name) }
            return name == entry.resource.name
                || entry.resource.name == AccessControlEntry.everyName
        }
    }
}
