// Short ways to ask what admin clients ask, for the Kafka admin contract tests.

import KafkaProtocol

extension KafkaBrokerWire {
    typealias Config = DescribeConfigsResponse.ResourceResult.ConfigResult

    func describeConfigResource(
        type: Int8, _ name: String
    ) async throws -> DescribeConfigsResponse.ResourceResult {
        let request = DescribeConfigsRequest {
            $0.resources = [
                DescribeConfigsRequest.Resource {
                    $0.resourceType = type
                    $0.resourceName = name
                    $0.configurationKeys = nil
                }
            ]
            $0.includeSynonyms = true
            $0.includeDocumentation = true
        }
        return try await ask(request, version: 4).results[0]
    }

    func describeConfigs(type: Int8, _ name: String) async throws -> [String: Config] {
        let result = try await describeConfigResource(type: type, name)
        return Dictionary(uniqueKeysWithValues: result.configs.map { ($0.name, $0) })
    }

    /// - Parameter operation: 0 set, 1 delete, 2 append, 3 subtract.
    func alterConfig(
        type: Int8, _ resource: String, _ name: String, _ value: String?, operation: Int8 = 0,
        validateOnly: Bool = false
    ) async throws -> KafkaErrorCode {
        let request = IncrementalAlterConfigsRequest {
            $0.resources = [
                IncrementalAlterConfigsRequest.AlterConfigsResource {
                    $0.resourceType = type
                    $0.resourceName = resource
                    $0.configs = [
                        IncrementalAlterConfigsRequest.AlterConfigsResource.AlterableConfig {
                            $0.name = name
                            $0.configOperation = operation
                            $0.value = value
                        }
                    ]
                }
            ]
            $0.validateOnly = validateOnly
        }
        return try await ask(request, version: 1).responses[0].errorCode
    }

    func createAcl(
        _ type: Int8, _ name: String, _ principal: String, operation: Int8, permission: Int8 = 3,
        pattern: Int8 = 3
    ) async throws -> KafkaErrorCode {
        let request = CreateAclsRequest {
            $0.creations = [
                CreateAclsRequest.Creation {
                    $0.resourceType = type
                    $0.resourceName = name
                    $0.resourcePatternType = pattern
                    $0.principal = principal
                    $0.host = "*"
                    $0.operation = operation
                    $0.permissionType = permission
                }
            ]
        }
        return try await ask(request, version: 3).results[0].errorCode
    }

    func deleteAllAcls() async throws -> Int {
        let request = DeleteAclsRequest {
            $0.filters = [
                DeleteAclsRequest.Filter {
                    $0.resourceTypeFilter = 1
                    $0.patternTypeFilter = 1
                    $0.operation = 1
                    $0.permissionType = 1
                }
            ]
        }
        return try await ask(request, version: 3).filterResults[0].matchingAcls.count
    }

    func setQuota(
        _ entity: [(String, String?)], _ key: String, _ value: Double?
    ) async throws -> KafkaErrorCode {
        let request = AlterClientQuotasRequest {
            $0.entries = [
                AlterClientQuotasRequest.Entry {
                    $0.entity = entity.map { type, name in
                        AlterClientQuotasRequest.Entry.Entity {
                            $0.entityType = type
                            $0.entityName = name
                        }
                    }
                    $0.operations = [
                        AlterClientQuotasRequest.Entry.Operation {
                            $0.key = key
                            $0.value = value ?? 0
                            $0.remove = value == nil
                        }
                    ]
                }
            ]
        }
        return try await ask(request, version: 1).entries[0].errorCode
    }
}
