// Access rules in the form that questions are answered from.
// Source: apache/kafka metadata StandardAuthorizerData.java; KIP-11, KIP-290

/// All rules, and what they say. A value: it is built anew when rules change.
package struct AclIndex: Sendable {
    private struct Patterns {
        var literal: [String: [AccessControlEntry]] = [:]
        var prefixed: [String: [AccessControlEntry]] = [:]
        /// Lengths of the prefixes there are, in bytes.
        var prefixLengths: Set<Int> = []
    }

    /// What the rules say of one question.
    package enum Verdict: Sendable, Equatable {
        case allowed
        case denied
        /// No rule speaks of the resource at all.
        case unknownResource
    }

    private var byType: [AclResourceType: Patterns] = [:]

    package init(_ entries: some Sequence<AccessControlEntry> = []) {
        for entry in entries {
            let name = entry.resource.name
            switch entry.pattern {
            case .literal:
                byType[entry.resource.type, default: Patterns()].literal[name, default: []]
                    .append(entry)
            case .prefixed:
                byType[entry.resource.type, default: Patterns()].prefixed[name, default: []]
                    .append(entry)
                byType[entry.resource.type]?.prefixLengths.insert(name.utf8.count)
            // Patterns of filters; no rule has them.
            case .any, .match: break
            }
        }
    }

    /// - Parameter host: the client's address.
    package func verdict(
        _ principal: KafkaPrincipal, host: String, _ operation: AclOperation,
        _ resource: AclResource
    ) -> Verdict {
        guard let patterns = byType[resource.type] else { return .unknownResource }
        let name = principal.description
        var hasRules = false
        var isAllowed = false
        var isDenied = false
        func look(_ entries: [AccessControlEntry]?) {
            for entry in entries ?? [] {
                hasRules = true
                guard entry.applies(to: name, host: host, operation) else { continue }
                if entry.permission == .deny { isDenied = true } else { isAllowed = true }
            }
        }
        look(patterns.literal[resource.name])
        if resource.name != AccessControlEntry.everyName {
            look(patterns.literal[AccessControlEntry.everyName])
        }
        let bytes = resource.name.utf8
        for length in patterns.prefixLengths where length <= bytes.count {
            look(patterns.prefixed[String(decoding: bytes.prefix(length), as: UTF8.self)])
        }
        if isDenied { return .denied }
        if isAllowed { return .allowed }
        return hasRules ? .denied : .unknownResource
    }

    /// Whether there is some name of the type, in use or not, for which the operation is allowed.
    package func allowsSome(
        _ principal: KafkaPrincipal, host: String, _ operation: AclOperation,
        _ type: AclResourceType
    ) -> Bool {
        guard let patterns = byType[type] else { return false }
        let name = principal.description
        func rules(
            _ entries: [String: [AccessControlEntry]], _ permission: AclPermission
        ) -> Set<String> {
            Set(
                entries.filter { _, rules in
                    rules.contains {
                        $0.permission == permission && $0.applies(to: name, host: host, operation)
                    }
                }.keys)
        }
        let deniedNames = rules(patterns.literal, .deny)
        let deniedPrefixes = rules(patterns.prefixed, .deny)
        if deniedNames.contains(AccessControlEntry.everyName) { return false }
        func isUnderDenied(_ name: String) -> Bool {
            deniedPrefixes.contains { name.hasPrefix($0) }
        }
        let names = rules(patterns.literal, .allow)
        if names.contains(AccessControlEntry.everyName) { return true }
        return names.contains { !deniedNames.contains($0) && !isUnderDenied($0) }
            || rules(patterns.prefixed, .allow).contains { !isUnderDenied($0) }
    }
}

extension AccessControlEntry {
    /// Whether the rule speaks of this client and operation.
    fileprivate func applies(
        to principal: String, host: String, _ wanted: AclOperation
    ) -> Bool {
        guard self.principal == principal || self.principal == Self.everyPrincipal,
            self.host == host || self.host == Self.everyName
        else { return false }
        if operation == .all || operation == wanted { return true }
        // Who may do more may see; who may not do more may see all the same.
        return permission == .allow && operation.implies(wanted)
    }
}

extension AclOperation {
    /// Whether being allowed this means being allowed `other`.
    package func implies(_ other: AclOperation) -> Bool {
        switch self {
        case .read, .write, .delete, .alter: other == .describe
        case .alterConfigs: other == .describeConfigs
        case .any, .all, .create, .describe, .clusterAction, .describeConfigs, .idempotentWrite,
            .createTokens, .describeTokens, .twoPhaseCommit:
            false
        }
    }
}

extension AclResourceType {
    /// What can be asked of such a resource; those of "authorized operations".
    package var operations: [AclOperation] {
        switch self {
        case .topic:
            [.read, .write, .create, .delete, .alter, .describe, .describeConfigs, .alterConfigs]
        case .group: [.read, .delete, .describe, .describeConfigs, .alterConfigs]
        case .cluster:
            [
                .create, .alter, .describe, .clusterAction, .describeConfigs, .alterConfigs,
                .idempotentWrite,
            ]
        case .transactionalID: [.write, .describe, .twoPhaseCommit]
        case .delegationToken: [.describe]
        case .user: [.createTokens, .describeTokens]
        case .any: []
        }
    }
}
