// The features this broker announces: which levels it can serve, and which it starts with.
// Source: reference/kafka.md A2; apache/kafka server-common Feature.java, MetadataVersion.java

package import KafkaProtocol

/// One feature as ApiVersions, DescribeFeatures and UpdateFeatures know it.
package struct BrokerFeature: Equatable, Sendable {
    package var name: String
    package var levels: ClosedRange<Int16>
    /// The level a new cluster is made with.
    package var initialLevel: Int16
}

/// What is not served is not announced: no share groups, no streams groups, no eligible leader replicas.
package enum BrokerFeatures {
    /// The level that stands for Kafka 4.0 (4.0-IV3).
    package static let metadataVersion = BrokerFeature(
        name: "metadata.version", levels: 7...25, initialLevel: 25)
    /// The quorum with directory ids (KIP-853). Not changed by UpdateFeatures.
    package static let kraftVersion = BrokerFeature(
        name: "kraft.version", levels: 0...1, initialLevel: 1)
    /// 1: flexible records of `__transaction_state`; 2: KIP-890.
    package static let transactionVersion = BrokerFeature(
        name: "transaction.version", levels: 0...2, initialLevel: 2)
    /// 1: the groups of KIP-848.
    package static let groupVersion = BrokerFeature(
        name: "group.version", levels: 0...1, initialLevel: 1)

    package static let all = [groupVersion, kraftVersion, metadataVersion, transactionVersion]

    package static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// - Parameter levels: those in force, by name; 0 or missing is none.
    package static func announced(_ levels: [String: Int16]) -> [ApiVersionsResponse.Feature] {
        all.map { feature in
            let isFixed = feature == kraftVersion
            return ApiVersionsResponse.Feature(
                feature.name, supported: feature.levels,
                finalizedLevel: isFixed ? feature.initialLevel : levels[feature.name] ?? 0)
        }
    }

    /// What a new cluster begins with.
    static var initialRecords: [MetadataRecord] {
        all.filter { $0 != kraftVersion }.map { .feature($0.name, level: $0.initialLevel) }
    }
}
