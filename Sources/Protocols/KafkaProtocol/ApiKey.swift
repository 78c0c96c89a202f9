// The APIs of a Kafka broker that are spoken here, and which versions of each.
// Source: ../shared/reference/kafka.md, A1; https://kafka.apache.org/protocol.html#protocol_api_keys

/// An API whose messages this module knows; its raw value stands in each request header.
package enum ApiKey: Int16, CaseIterable, Sendable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    case metadata = 3
    case offsetCommit = 8
    case offsetFetch = 9
    case findCoordinator = 10
    case joinGroup = 11
    case heartbeat = 12
    case leaveGroup = 13
    case syncGroup = 14
    case describeGroups = 15
    case listGroups = 16
    case apiVersions = 18
    case createTopics = 19
    case deleteTopics = 20
    case deleteRecords = 21
    case initProducerID = 22
    case offsetForLeaderEpoch = 23
    case describeConfigs = 32
    case alterConfigs = 33
    case describeLogDirs = 35
    case createPartitions = 37
    case deleteGroups = 42
    case incrementalAlterConfigs = 44
    case offsetDelete = 47
    case describeCluster = 60
    case describeTopicPartitions = 75

    /// The request's type, for its versions.
    package var request: any KafkaRequest.Type {
        switch self {
        case .produce: ProduceRequest.self
        case .fetch: FetchRequest.self
        case .listOffsets: ListOffsetsRequest.self
        case .metadata: MetadataRequest.self
        case .offsetCommit: OffsetCommitRequest.self
        case .offsetFetch: OffsetFetchRequest.self
        case .findCoordinator: FindCoordinatorRequest.self
        case .joinGroup: JoinGroupRequest.self
        case .heartbeat: HeartbeatRequest.self
        case .leaveGroup: LeaveGroupRequest.self
        case .syncGroup: SyncGroupRequest.self
        case .describeGroups: DescribeGroupsRequest.self
        case .listGroups: ListGroupsRequest.self
        case .apiVersions: ApiVersionsRequest.self
        case .createTopics: CreateTopicsRequest.self
        case .deleteTopics: DeleteTopicsRequest.self
        case .deleteRecords: DeleteRecordsRequest.self
        case .initProducerID: InitProducerIDRequest.self
        case .offsetForLeaderEpoch: OffsetForLeaderEpochRequest.self
        case .describeConfigs: DescribeConfigsRequest.self
        case .alterConfigs: AlterConfigsRequest.self
        case .describeLogDirs: DescribeLogDirsRequest.self
        case .createPartitions: CreatePartitionsRequest.self
        case .deleteGroups: DeleteGroupsRequest.self
        case .incrementalAlterConfigs: IncrementalAlterConfigsRequest.self
        case .offsetDelete: OffsetDeleteRequest.self
        case .describeCluster: DescribeClusterRequest.self
        case .describeTopicPartitions: DescribeTopicPartitionsRequest.self
        }
    }

    /// The versions that are read and written.
    package var versions: ClosedRange<Int16> { request.versions }

    /// The versions to announce: those spoken, but Produce from 0 on.
    ///
    /// Older librdkafka takes a minimum of 3 for a broker without compression, so Kafka announces
    /// 0 and refuses 0 to 2 (KAFKA-18659); reference A3.
    package var announcedVersions: ClosedRange<Int16> {
        self == .produce ? 0...versions.upperBound : versions
    }

    /// Whether requests of `version` have header v2 and responses header v1.
    ///
    /// The bodies are flexible then too. ApiVersions responses keep header v0: see `ResponseHeader`.
    package func isFlexible(_ version: Int16) -> Bool { request.isFlexible(version) }
}

extension ApiVersionsResponse {
    /// What a broker that serves `keys` answers.
    package static func announcing(_ keys: [ApiKey]) -> ApiVersionsResponse {
        ApiVersionsResponse {
            $0.apiKeys = keys.sorted { $0.rawValue < $1.rawValue }.map(Api.init(announcing:))
        }
    }

    /// The answer to a version of ApiVersions that is not spoken. Write it as version 0, whatever
    /// was asked, and keep the connection: the client tries again with a version out of it.
    package static var unsupportedVersion: ApiVersionsResponse {
        ApiVersionsResponse {
            $0.errorCode = .unsupportedVersion
            $0.apiKeys = [Api(announcing: .apiVersions)]
        }
    }
}

extension ApiVersionsResponse.Api {
    package init(announcing key: ApiKey) {
        self.init()
        apiKey = key.rawValue
        minVersion = key.announcedVersions.lowerBound
        maxVersion = key.announcedVersions.upperBound
    }
}
