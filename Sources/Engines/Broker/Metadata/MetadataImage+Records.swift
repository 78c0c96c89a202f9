// An image as records: what a snapshot holds, and what single changes append.

package import KafkaProtocol

extension MetadataImage {
    /// The records that make this image out of an empty one, in an order that can be replayed.
    ///
    /// - Parameter node: whose the replicas are.
    package func records(node: MetadataNode) -> [MetadataRecord] {
        var records: [MetadataRecord] = []
        records += features.sorted { $0.key < $1.key }.map { .feature($0.key, level: $0.value) }
        if let broker { records.append(.registerBroker(broker)) }
        for topic in topics.values.sorted(by: { $0.name < $1.name }) {
            records += MetadataRecord.topic(
                topic.name, id: topic.id, partitions: 0..<topic.partitions, node: node)
        }
        for (resource, settings) in configs {
            records += settings.map { .config(resource, $0.key, $0.value) }
        }
        records += acls.map { .accessControlEntry($0.value.record(id: $0.key)) }
        for (entity, limits) in quotas {
            records += limits.map { .quota(entity, $0.key, $0.value) }
        }
        for (user, credentials) in scramCredentials {
            records += credentials.map { .scram(user, mechanism: $0.key, $0.value) }
        }
        if nextProducerID > 0 { records.append(.producerIDs(nextProducerID, node: node)) }
        return records
    }
}

/// The one node there is, as records name it.
package struct MetadataNode: Equatable, Sendable {
    package var id: Int32
    package var directoryID: KafkaUUID

    package init(id: Int32, directoryID: KafkaUUID) {
        self.id = id
        self.directoryID = directoryID
    }
}

extension MetadataRecord {
    package static func feature(_ name: String, level: Int16) -> Self {
        .featureLevel(
            FeatureLevelRecord {
                $0.name = name
                $0.featureLevel = level
            })
    }

    /// A topic and some of its partitions. When these do not begin at 0, the topic is there already.
    package static func topic(
        _ name: String, id: KafkaUUID, partitions: Range<Int32>, node: MetadataNode
    ) -> [Self] {
        let topic = TopicRecord {
            $0.name = name
            $0.topicID = id
        }
        let parts = partitions.map { partition in
            Self.partition(
                PartitionRecord {
                    $0.partitionID = partition
                    $0.topicID = id
                    $0.replicas = [node.id]
                    $0.isr = [node.id]
                    $0.leader = node.id
                    $0.leaderEpoch = 0
                    $0.partitionEpoch = 0
                    $0.directories = [UUIDElement(node.directoryID)]
                })
        }
        return (partitions.lowerBound == 0 ? [.topic(topic)] : []) + parts
    }

    /// - Parameter value: `nil` takes the setting away.
    package static func config(_ resource: ConfigResource, _ name: String, _ value: String?) -> Self
    {
        .config(
            ConfigRecord {
                $0.resourceType = resource.kind.rawValue
                $0.resourceName = resource.name
                $0.name = name
                $0.value = value
            })
    }

    /// The records that turn one set of settings into another.
    package static func configs(
        _ resource: ConfigResource, from old: [String: String], to new: [String: String]
    ) -> [Self] {
        Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }
            .map { .config(resource, $0, new[$0]) }
    }

    /// - Parameter value: `nil` takes the quota away.
    package static func quota(_ entity: QuotaEntity, _ key: String, _ value: Double?) -> Self {
        .clientQuota(
            ClientQuotaRecord {
                $0.entity = entity.parts.sorted { $0.key < $1.key }.map { kind, name in
                    ClientQuotaRecord.EntityData {
                        $0.entityType = kind.rawValue
                        $0.entityName = name
                    }
                }
                $0.key = key
                $0.value = value ?? 0
                $0.remove = value == nil
            })
    }

    /// - Parameter mechanism: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
    package static func scram(
        _ user: String, mechanism: Int8, _ credential: ScramCredential
    ) -> Self {
        .userScramCredential(
            UserScramCredentialRecord {
                $0.name = user
                $0.mechanism = mechanism
                $0.salt = credential.salt
                $0.storedKey = credential.storedKey
                $0.serverKey = credential.serverKey
                $0.iterations = credential.iterations
            })
    }

    package static func removeScram(_ user: String, mechanism: Int8) -> Self {
        .removeUserScramCredential(
            RemoveUserScramCredentialRecord {
                $0.name = user
                $0.mechanism = mechanism
            })
    }

    package static func producerIDs(_ next: Int64, node: MetadataNode) -> Self {
        .producerIDs(
            ProducerIDsRecord {
                $0.brokerID = node.id
                $0.nextProducerID = next
            })
    }
}
