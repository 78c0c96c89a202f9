// The records of `__cluster_metadata`: what changed in the cluster, in KRaft's own shapes.
// Source: apache/kafka metadata/src/main/resources/common/metadata/*.json

import KafkaProtocol

/// One change of the cluster's metadata. Those that only several nodes need are not here.
package enum MetadataRecord: Equatable, Sendable {
    case registerBroker(RegisterBrokerRecord)
    case topic(TopicRecord)
    case partition(PartitionRecord)
    case config(ConfigRecord)
    case removeTopic(RemoveTopicRecord)
    case userScramCredential(UserScramCredentialRecord)
    case featureLevel(FeatureLevelRecord)
    case clientQuota(ClientQuotaRecord)
    case producerIDs(ProducerIDsRecord)
    case accessControlEntry(AccessControlEntryRecord)
    case removeAccessControlEntry(RemoveAccessControlEntryRecord)
    case noOp(NoOpRecord)
    case removeUserScramCredential(RemoveUserScramCredentialRecord)
}

/// What a topic, the broker or a group is to the records of configurations and to DescribeConfigs.
package struct ConfigResource: Hashable, Sendable {
    /// Kafka's `ConfigResource.Type`.
    package enum Kind: Int8, Sendable, CaseIterable {
        case topic = 2
        case broker = 4
        case brokerLogger = 8
        case clientMetrics = 16
        case group = 32
    }

    package var kind: Kind
    /// The topic, the group, the node id; empty for all brokers.
    package var name: String

    package init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }
}

/// What a SCRAM server keeps of a password (RFC 5802).
package struct ScramCredential: Equatable, Sendable {
    package var salt: [UInt8]
    package var storedKey: [UInt8]
    package var serverKey: [UInt8]
    package var iterations: Int32

    package init(salt: [UInt8], storedKey: [UInt8], serverKey: [UInt8], iterations: Int32) {
        self.salt = salt
        self.storedKey = storedKey
        self.serverKey = serverKey
        self.iterations = iterations
    }
}

/// Whom a quota is for: a user, a client id or both, or an address. `nil` names are the defaults.
package struct QuotaEntity: Hashable, Sendable {
    /// Kafka's names of the entity types.
    package enum Kind: String, Sendable, CaseIterable, Comparable {
        case user
        case clientID = "client-id"
        case ip

        package static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
    }

    /// The parts there are; a `nil` inside is the default entity of that kind.
    package var parts: [Kind: String?]

    package init(_ parts: [Kind: String?]) { self.parts = parts }
}
