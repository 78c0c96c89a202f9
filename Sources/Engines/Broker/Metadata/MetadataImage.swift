// The cluster's metadata at one offset of its log, as a value.

package import KafkaProtocol

/// A topic as the metadata log knows it. Its logs are in `TopicCatalog`.
package struct TopicImage: Equatable, Sendable {
    package var name: String
    package var id: KafkaUUID
    package var partitions: Int32
}

/// A record that does not fit what came before it.
package struct MetadataFault: Error, Equatable, CustomStringConvertible {
    package var description: String
}

/// Everything that records made so. Copies share their storage, so taking one is cheap.
package struct MetadataImage: Equatable, Sendable {
    /// By name.
    package private(set) var topics: [String: TopicImage] = [:]
    private var topicNames: [KafkaUUID: String] = [:]
    /// Settings that differ from the defaults.
    package private(set) var configs: [ConfigResource: [String: String]] = [:]
    /// Levels above 0, by feature.
    package private(set) var features: [String: Int16] = [:]
    /// By user, then by mechanism: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
    package private(set) var scramCredentials: [String: [Int8: ScramCredential]] = [:]
    package private(set) var acls: [KafkaUUID: AccessControlEntry] = [:]
    package private(set) var quotas: [QuotaEntity: [String: Double]] = [:]
    /// Counts the changes of `acls` and of `quotas`, so that who keeps them in another form sees them.
    package private(set) var aclChanges = 0
    package private(set) var quotaChanges = 0
    /// The first producer id that was not reserved.
    package private(set) var nextProducerID: Int64 = 0
    package private(set) var broker: RegisterBrokerRecord?
    /// The offset behind the last record in it.
    package internal(set) var endOffset: Int64 = 0

    package init() {}

    package var brokerEpoch: Int64 { broker?.brokerEpoch ?? -1 }

    package func topic(_ id: KafkaUUID) -> TopicImage? {
        topicNames[id].flatMap { topics[$0] }
    }

    package func config(_ resource: ConfigResource) -> [String: String] {
        configs[resource] ?? [:]
    }

    // MARK: Replay

    /// What the record says becomes true.
    package mutating func apply(_ record: MetadataRecord) throws(MetadataFault) {
        switch record {
        case .registerBroker(let record): broker = record
        case .topic(let record):
            topics[record.name] = TopicImage(name: record.name, id: record.topicID, partitions: 0)
            topicNames[record.topicID] = record.name
        case .partition(let record): try apply(record)
        case .removeTopic(let record):
            guard let name = topicNames.removeValue(forKey: record.topicID) else {
                throw MetadataFault(description: "there is no topic \(record.topicID) to remove")
            }
            topics[name] = nil
            configs[ConfigResource(.topic, name)] = nil
        case .config(let record): try apply(record)
        case .featureLevel(let record):
            features[record.name] = record.featureLevel > 0 ? record.featureLevel : nil
        case .producerIDs(let record): nextProducerID = record.nextProducerID
        case .userScramCredential(let record):
            scramCredentials[record.name, default: [:]][record.mechanism] = ScramCredential(
                salt: record.salt, storedKey: record.storedKey, serverKey: record.serverKey,
                iterations: record.iterations)
        case .removeUserScramCredential(let record):
            scramCredentials[record.name]?[record.mechanism] = nil
            if scramCredentials[record.name]?.isEmpty == true {
                scramCredentials[record.name] = nil
            }
        case .accessControlEntry(let record):
            guard let entry = AccessControlEntry(record) else {
                throw MetadataFault(description: "an access rule is of an unknown kind")
            }
            acls[record.id] = entry
            aclChanges += 1
        case .removeAccessControlEntry(let record):
            acls[record.id] = nil
            aclChanges += 1
        case .clientQuota(let record): try apply(record)
        case .noOp: break
        }
    }

    private mutating func apply(_ record: PartitionRecord) throws(MetadataFault) {
        guard let name = topicNames[record.topicID], let topic = topics[name] else {
            throw MetadataFault(description: "a partition is of an unknown topic")
        }
        guard record.partitionID >= 0, record.partitionID <= topic.partitions else {
            throw MetadataFault(
                description: "partition \(record.partitionID) of \(name) leaves a gap")
        }
        topics[name]?.partitions = max(topic.partitions, record.partitionID + 1)
    }

    private mutating func apply(_ record: ConfigRecord) throws(MetadataFault) {
        guard let kind = ConfigResource.Kind(rawValue: record.resourceType) else {
            throw MetadataFault(
                description: "a setting is of the unknown kind \(record.resourceType)")
        }
        let resource = ConfigResource(kind, record.resourceName)
        configs[resource, default: [:]][record.name] = record.value
        if configs[resource]?.isEmpty == true { configs[resource] = nil }
    }

    private mutating func apply(_ record: ClientQuotaRecord) throws(MetadataFault) {
        var parts: [QuotaEntity.Kind: String?] = [:]
        for part in record.entity {
            guard let kind = QuotaEntity.Kind(rawValue: part.entityType) else {
                throw MetadataFault(description: "a quota is for a \(part.entityType)")
            }
            parts[kind] = .some(part.entityName)
        }
        let entity = QuotaEntity(parts)
        quotaChanges += 1
        quotas[entity, default: [:]][record.key] = record.remove ? nil : record.value
        if quotas[entity]?.isEmpty == true { quotas[entity] = nil }
    }
}
