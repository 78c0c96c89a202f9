// DescribeAcls, CreateAcls and DeleteAcls.
// Source: apache/kafka AclApis.scala, AclControlManager.java

package import KafkaProtocol

extension BrokerCore {
    private static let noAuthorizer = "No Authorizer is configured."

    // MARK: DescribeAcls

    func describeAcls(_ request: DescribeAclsRequest, _ reply: Reply) {
        let response = DescribeAclsResponse {
            do throws(TopicFault) {
                try checkAcls(reply, .describe)
                guard let filter = AclFilter(request) else {
                    throw TopicFault(.invalidRequest, "The filter has an unknown element.")
                }
                $0.resources = Self.grouped(metadata.image.acls.values.filter(filter.matches))
            } catch {
                $0.errorCode = error.code
                $0.errorMessage = error.message
            }
        }
        reply.send(DescribeAclsRequest.self, response)
    }

    private func checkAcls(_ reply: Reply, _ operation: AclOperation) throws(TopicFault) {
        guard authorizer != nil else { throw TopicFault(.securityDisabled, Self.noAuthorizer) }
        guard allows(reply, operation, .cluster) else {
            throw TopicFault(
                .clusterAuthorizationFailed, "\(reply.principal) may not do this to the cluster.")
        }
    }

    private struct Place: Hashable {
        var resource: AclResource
        var pattern: AclPatternType
    }

    private static func grouped(
        _ entries: [AccessControlEntry]
    ) -> [DescribeAclsResponse.Resource] {
        let places = Dictionary(grouping: entries) { entry in
            Place(resource: entry.resource, pattern: entry.pattern)
        }
        let sorted = places.sorted {
            ($0.key.resource.type.rawValue, $0.key.resource.name, $0.key.pattern.rawValue)
                < ($1.key.resource.type.rawValue, $1.key.resource.name, $1.key.pattern.rawValue)
        }
        return sorted.map { place, entries in
            DescribeAclsResponse.Resource {
                $0.resourceType = place.resource.type.rawValue
                $0.resourceName = place.resource.name
                $0.patternType = place.pattern.rawValue
                $0.acls = entries.map { entry in
                    DescribeAclsResponse.Resource.Acl {
                        $0.principal = entry.principal
                        $0.host = entry.host
                        $0.operation = entry.operation.rawValue
                        $0.permissionType = entry.permission.rawValue
                    }
                }
            }
        }
    }

    // MARK: CreateAcls

    /// Rules that are there already are no error; they are not made twice.
    func createAcls(_ request: CreateAclsRequest, _ reply: Reply) {
        blocking(reply) {
            let response = CreateAclsResponse {
                do throws(TopicFault) {
                    try self.checkAcls(reply, .alter)
                    $0.results = try self.create(request.creations)
                } catch {
                    let failed = CreateAclsResponse.Result {
                        $0.errorCode = error.code
                        $0.errorMessage = error.message
                    }
                    $0.results = request.creations.map { _ in failed }
                }
            }
            reply.send(CreateAclsRequest.self, response)
        }
    }

    private func create(
        _ creations: [CreateAclsRequest.Creation]
    ) throws(TopicFault) -> [CreateAclsResponse.Result] {
        var results: [CreateAclsResponse.Result] = []
        try metadata.change { image throws(TopicFault) in
            var known = Set(image.acls.values)
            var records: [MetadataRecord] = []
            var random = SystemRandomNumberGenerator()
            for creation in creations {
                var result = CreateAclsResponse.Result()
                do throws(TopicFault) {
                    let entry = try AccessControlEntry(creating: creation)
                    if known.insert(entry).inserted {
                        let id = KafkaUUID.random(using: &random)
                        records.append(.accessControlEntry(entry.record(id: id)))
                    }
                } catch {
                    result.errorCode = error.code
                    result.errorMessage = error.message
                }
                results.append(result)
            }
            guard known.count <= Limits.aclsMax else {
                throw TopicFault(
                    .policyViolation, "the broker keeps at most \(Limits.aclsMax) ACLs")
            }
            return records
        }
        return results
    }

    // MARK: DeleteAcls

    func deleteAcls(_ request: DeleteAclsRequest, _ reply: Reply) {
        blocking(reply) {
            let response = DeleteAclsResponse {
                do throws(TopicFault) {
                    try self.checkAcls(reply, .alter)
                    $0.filterResults = try self.delete(request.filters)
                } catch {
                    let failed = DeleteAclsResponse.FilterResult {
                        $0.errorCode = error.code
                        $0.errorMessage = error.message
                    }
                    $0.filterResults = request.filters.map { _ in failed }
                }
            }
            reply.send(DeleteAclsRequest.self, response)
        }
    }

    private func delete(
        _ filters: [DeleteAclsRequest.Filter]
    ) throws(TopicFault) -> [DeleteAclsResponse.FilterResult] {
        var results: [DeleteAclsResponse.FilterResult] = []
        try metadata.change { image throws(TopicFault) in
            var gone: Set<KafkaUUID> = []
            for wanted in filters {
                results.append(
                    DeleteAclsResponse.FilterResult {
                        guard let filter = AclFilter(wanted) else {
                            $0.errorCode = .invalidRequest
                            $0.errorMessage = "The filter has an unknown element."
                            return
                        }
                        let matching = image.acls.filter { filter.matches($0.value) }
                        gone.formUnion(matching.keys)
                        $0.matchingAcls = matching.values.map(\.deleted)
                    })
            }
            return gone.map { id in
                .removeAccessControlEntry(RemoveAccessControlEntryRecord { $0.id = id })
            }
        }
        return results
    }
}

// MARK: Between messages and values

extension AccessControlEntry {
    fileprivate var deleted: DeleteAclsResponse.FilterResult.MatchingAcl {
        DeleteAclsResponse.FilterResult.MatchingAcl {
            $0.resourceType = resource.type.rawValue
            $0.resourceName = resource.name
            $0.patternType = pattern.rawValue
            $0.principal = principal
            $0.host = host
            $0.operation = operation.rawValue
            $0.permissionType = permission.rawValue
        }
    }

    /// - Throws: INVALID_REQUEST for what can be a filter, but no rule.
    package init(creating creation: CreateAclsRequest.Creation) throws(TopicFault) {
        func invalid(_ what: String) -> TopicFault { TopicFault(.invalidRequest, what) }
        guard let type = AclResourceType(rawValue: creation.resourceType), type != .any else {
            throw invalid("Invalid resourceType \(creation.resourceType)")
        }
        guard let pattern = AclPatternType(rawValue: creation.resourcePatternType),
            pattern == .literal || pattern == .prefixed
        else { throw invalid("Invalid patternType \(creation.resourcePatternType)") }
        guard let operation = AclOperation(rawValue: creation.operation), operation != .any else {
            throw invalid("Invalid operation \(creation.operation)")
        }
        guard let permission = AclPermission(rawValue: creation.permissionType),
            permission != .any
        else { throw invalid("Invalid permissionType \(creation.permissionType)") }
        guard !creation.resourceName.isEmpty else {
            throw invalid("Resource name should not be empty")
        }
        guard type != .cluster || creation.resourceName == AclResource.cluster.name else {
            throw invalid(
                "The only valid name for the CLUSTER resource is \(AclResource.cluster.name)")
        }
        guard KafkaPrincipal(creation.principal) != nil else {
            throw invalid("Could not parse principal from `\(creation.principal)`")
        }
        guard !creation.host.isEmpty else { throw invalid("Host should not be empty") }
        self.init(
            resource: AclResource(type, creation.resourceName), pattern: pattern,
            principal: creation.principal, host: creation.host, operation: operation,
            permission: permission)
    }
}

extension AclFilter {
    /// - Returns: `nil` for kinds that are not known.
    fileprivate init?(_ request: DescribeAclsRequest) {
        self.init(
            DeleteAclsRequest.Filter {
                $0.resourceTypeFilter = request.resourceTypeFilter
                $0.resourceNameFilter = request.resourceNameFilter
                $0.patternTypeFilter = request.patternTypeFilter
                $0.principalFilter = request.principalFilter
                $0.hostFilter = request.hostFilter
                $0.operation = request.operation
                $0.permissionType = request.permissionType
            })
    }

    /// - Returns: `nil` for kinds that are not known.
    fileprivate init?(_ filter: DeleteAclsRequest.Filter) {
        guard let type = AclResourceType(rawValue: filter.resourceTypeFilter),
            let pattern = AclPatternType(rawValue: filter.patternTypeFilter),
            let operation = AclOperation(rawValue: filter.operation),
            let permission = AclPermission(rawValue: filter.permissionType)
        else { return nil }
        self.init(
            type: type, name: filter.resourceNameFilter, pattern: pattern,
            principal: filter.principalFilter, host: filter.hostFilter, operation: operation,
            permission: permission)
    }
}
