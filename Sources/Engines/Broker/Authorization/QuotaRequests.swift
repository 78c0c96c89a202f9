// DescribeClientQuotas and AlterClientQuotas.
// Source: apache/kafka ClientQuotaControlManager.java, ClientQuotasImage.java; KIP-546

package import KafkaProtocol
import NIOCore

extension BrokerCore {
    // MARK: DescribeClientQuotas

    func describeClientQuotas(_ request: DescribeClientQuotasRequest, _ reply: Reply) {
        let response = DescribeClientQuotasResponse {
            do throws(TopicFault) {
                guard allows(reply, .describeConfigs, .cluster) else {
                    throw TopicFault(.clusterAuthorizationFailed, "Cluster authorization failed.")
                }
                let filter = try QuotaFilter(request)
                $0.entries = metadata.image.quotas.filter { filter.matches($0.key) }
                    .sorted { $0.key.description < $1.key.description }
                    .map { Self.entry($0.key, $0.value) }
            } catch {
                $0.errorCode = error.code
                $0.errorMessage = error.message
                $0.entries = nil
            }
        }
        reply.send(DescribeClientQuotasRequest.self, response)
    }

    private static func entry(
        _ entity: QuotaEntity, _ limits: [String: Double]
    ) -> DescribeClientQuotasResponse.Entry {
        DescribeClientQuotasResponse.Entry {
            $0.entity = entity.parts.sorted { $0.key < $1.key }.map { kind, name in
                DescribeClientQuotasResponse.Entry.Entity {
                    $0.entityType = kind.rawValue
                    $0.entityName = name
                }
            }
            $0.values = limits.sorted { $0.key < $1.key }.map { key, value in
                DescribeClientQuotasResponse.Entry.Value {
                    $0.key = key
                    $0.value = value
                }
            }
        }
    }

    // MARK: AlterClientQuotas

    func alterClientQuotas(_ request: AlterClientQuotasRequest, _ reply: Reply) {
        blocking(reply) {
            let isAllowed = self.allows(reply, .alterConfigs, .cluster)
            let response = AlterClientQuotasResponse {
                $0.entries = request.entries.map { wanted in
                    AlterClientQuotasResponse.Entry {
                        $0.entity = wanted.entity.map { part in
                            AlterClientQuotasResponse.Entry.Entity {
                                $0.entityType = part.entityType
                                $0.entityName = part.entityName
                            }
                        }
                        do throws(TopicFault) {
                            guard isAllowed else {
                                throw TopicFault(
                                    .clusterAuthorizationFailed, "Cluster authorization failed.")
                            }
                            try self.alter(wanted, validateOnly: request.validateOnly)
                        } catch {
                            $0.errorCode = error.code
                            $0.errorMessage = error.message
                        }
                    }
                }
            }
            reply.send(AlterClientQuotasRequest.self, response)
        }
    }

    private func alter(
        _ wanted: AlterClientQuotasRequest.Entry, validateOnly: Bool
    ) throws(TopicFault) {
        let entity = try QuotaRules.entity(wanted.entity.map { ($0.entityType, $0.entityName) })
        for operation in wanted.operations {
            try QuotaRules.check(
                operation.key, operation.remove ? nil : operation.value, of: entity)
        }
        guard Set(wanted.operations.map(\.key)).count == wanted.operations.count else {
            throw TopicFault(.invalidRequest, "A quota is named twice.")
        }
        if validateOnly { return }
        try metadata.change { image throws(TopicFault) in
            let isNew = image.quotas[entity] == nil
            guard !isNew || image.quotas.count < Limits.quotaEntitiesMax else {
                throw TopicFault(
                    .policyViolation,
                    "the broker keeps quotas of at most \(Limits.quotaEntitiesMax) entities")
            }
            return wanted.operations
                .filter { !$0.remove || image.quotas[entity]?[$0.key] != nil }
                .map { .quota(entity, $0.key, $0.remove ? nil : $0.value) }
        }
    }
}

extension QuotaEntity: CustomStringConvertible {
    package var description: String {
        parts.sorted { $0.key < $1.key }
            .map { "\($0.key.rawValue)=\($0.value ?? "<default>")" }.joined(separator: ",")
    }
}

/// What entities and limits there can be.
package enum QuotaRules {
    /// - Parameter parts: type and name of each; a `nil` name is the default entity.
    package static func entity(_ parts: [(String, String?)]) throws(TopicFault) -> QuotaEntity {
        guard !parts.isEmpty else {
            throw TopicFault(.invalidRequest, "Invalid empty client quota entity")
        }
        var known: [QuotaEntity.Kind: String?] = [:]
        for (type, name) in parts {
            guard let kind = QuotaEntity.Kind(rawValue: type) else {
                throw TopicFault(.invalidRequest, "Unhandled client quota entity type: \(type)")
            }
            guard known.updateValue(name, forKey: kind) == nil else {
                throw TopicFault(.invalidRequest, "Duplicate entity type \(type)")
            }
            guard name != "" else {
                throw TopicFault(.invalidRequest, "Empty \(type) not supported")
            }
            if kind == .ip, let name, (try? SocketAddress(ipAddress: name, port: 0)) == nil {
                throw TopicFault(.invalidRequest, "\(name) is not a valid IP")
            }
        }
        guard known[.ip] == nil || known.count == 1 else {
            throw TopicFault(
                .invalidRequest, "Invalid quota entity combination, user and client-id with ip")
        }
        return QuotaEntity(known)
    }

    /// - Parameter value: `nil` when the limit is taken away.
    package static func check(
        _ key: String, _ value: Double?, of entity: QuotaEntity
    ) throws(TopicFault) {
        let isOfAddress = entity.parts[.ip] != nil
        guard let known = QuotaKey(rawValue: key), known.isOfAddress == isOfAddress else {
            throw TopicFault(.invalidRequest, "Invalid configuration key \(key)")
        }
        guard let value else { return }
        guard value.isFinite, value > 0 else {
            throw TopicFault(.invalidRequest, "Quota \(key) must be greater than 0")
        }
        switch known {
        case .producerByteRate, .consumerByteRate, .connectionCreationRate:
            guard value == value.rounded(), value <= Double(Int64.max) else {
                throw TopicFault(.invalidRequest, "\(key) cannot be a fractional value.")
            }
        case .requestPercentage, .controllerMutationRate: break
        }
    }
}

/// Which entities DescribeClientQuotas means.
package struct QuotaFilter {
    private var exact: [QuotaEntity.Kind: String?] = [:]
    private var named: Set<QuotaEntity.Kind> = []
    private let isStrict: Bool

    package init(_ request: DescribeClientQuotasRequest) throws(TopicFault) {
        isStrict = request.strict
        for component in request.components {
            guard let kind = QuotaEntity.Kind(rawValue: component.entityType) else {
                guard !component.entityType.isEmpty else {
                    throw TopicFault(
                        .invalidRequest, "Unexpected empty filter component entity type")
                }
                throw TopicFault(
                    .unsupportedVersion,
                    "Custom entity type '\(component.entityType)' not supported")
            }
            guard exact[kind] == nil, !named.contains(kind) else {
                throw TopicFault(
                    .invalidRequest, "Duplicate filter component entity type \(kind.rawValue)")
            }
            switch component.matchType {
            case 0:
                guard let name = component.match else {
                    throw TopicFault(
                        .invalidRequest, "Request specified MATCH_TYPE_EXACT, but no name")
                }
                exact[kind] = .some(name)
            case 1: exact[kind] = .some(nil)
            case 2: named.insert(kind)
            default:
                throw TopicFault(
                    .invalidRequest, "Unknown match type \(component.matchType)")
            }
        }
        let kinds = named.union(exact.keys)
        guard !kinds.contains(.ip) || kinds.count == 1 else {
            throw TopicFault(
                .invalidRequest,
                "Invalid entity filter component combination, IP filter component should not be used with user or clientId filter component."
            )
        }
    }

    package func matches(_ entity: QuotaEntity) -> Bool {
        var matching = 0
        for (kind, name) in entity.parts {
            if let wanted = exact[kind] {
                guard wanted == name else { return false }
                matching += 1
            } else if named.contains(kind) {
                matching += 1
            }
        }
        guard matching == exact.count + named.count else { return false }
        return !isStrict || entity.parts.count == matching
    }
}
