// The topic `_schemas` as a store: written with acks=all, read back in order.

import KafkaClient
import Logging
import MillraceBase
import Synchronization

/// Keeps a `SchemaTable` equal to the topic. A write is over when this registry has read it back,
/// so what a client was told is what every later question sees.
actor SchemaStore {
    private(set) var table = SchemaTable()
    let clusterID: String
    private let topic: TopicPartition
    private var producer: KafkaProducer
    private let consumer: KafkaConsumer
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private var nextOffset: Int64
    private var readers: [(offset: Int64, CheckedContinuation<Void, Never>)] = []
    private var isWriting = false
    private var writers: [CheckedContinuation<Void, Never>] = []
    private var isStopped = false

    /// Makes the topic if there is none, and reads it to its end.
    static func open(_ configuration: RegistryConfiguration, logger: Logger)
        async throws(RegistryServerError) -> SchemaStore
    {
        let topic = configuration.topic
        var kafka = KafkaConfiguration(configuration.kafka)
        let fetchWait = kafka.properties["fetch.wait.max.ms"]
        kafka.properties["fetch.wait.max.ms"] =
            fetchWait ?? String(RegistryServerLimits.fetchWaitMilliseconds)
        do throws(KafkaError) {
            let admin = try KafkaAdmin(kafka, logger: logger)
            let found: (metadata: ClusterMetadata, range: Range<Int64>)
            do throws(KafkaError) { found = try await prepare(topic, admin) } catch {
                await admin.close()
                throw error
            }
            await admin.close()
            let partitions = found.metadata.topics.first?.partitions ?? 0
            guard partitions == 1 else {
                return try wrongTopic(topic, partitions)
            }
            let store = try SchemaStore(
                topic, kafka, clusterID: found.metadata.clusterID, from: found.range.lowerBound,
                logger: logger)
            try await store.readToEnd(found.range.upperBound)
            return store
        } catch {
            throw .storage(topic: topic, reason: "\(error)")
        }
    }

    private static func prepare(_ topic: String, _ admin: KafkaAdmin) async throws(KafkaError)
        -> (ClusterMetadata, Range<Int64>)
    {
        try await admin.createTopic(topic, partitions: 1, configs: ["cleanup.policy": "compact"])
        let metadata = try await admin.metadata(topic: topic)
        let ends = try await admin.watermarks(topic)[0] ?? (0, 0)
        return (metadata, ends.low..<max(ends.low, ends.high))
    }
}
