// How the store begins: its topic is found or made, and read.

import KafkaClient
import Logging
import MillraceBase

extension SchemaStore {
    /// Makes the topic if there is none, and reads it to its end.
    static func open(_ configuration: RegistryConfiguration, logger: Logger)
        async throws(RegistryServerError) -> SchemaStore
    {
        let topic = configuration.topic
        let kafka = properties(configuration.kafka)
        do {
            let admin = try KafkaAdmin(kafka, logger: logger)
            let metadata: ClusterMetadata
            let ends: [Int32: (low: Int64, high: Int64)]
            do throws(KafkaError) {
                metadata = try await prepare(topic, admin)
                ends = try await admin.watermarks(topic)
            } catch {
                await admin.close()
                throw error
            }
            // The admin is closed while the topic is read.
            async let closed: Void = admin.close()
            let partitions = metadata.topics.first?.partitions ?? 0
            guard partitions == 1, let end = ends[0] else {
                throw RegistryServerError.wrongTopic(topic: topic, partitions: partitions)
            }
            let store = try SchemaStore(
                topic: topic, clusterID: metadata.clusterID, kafka: kafka, logger: logger)
            do throws(KafkaError) {
                try await store.readToEnd(end.low..<max(end.low, end.high))
            } catch {
                await store.close()
                throw error
            }
            await closed
            return store
        } catch let error as RegistryServerError {
            throw error
        } catch {
            throw .storage(topic: topic, reason: "\(error)")
        }
    }

    /// What the URL says wins.
    private static func properties(_ endpoint: Endpoint) -> KafkaConfiguration {
        var kafka = KafkaConfiguration(endpoint)
        let own = [
            "fetch.wait.max.ms": String(RegistryServerLimits.fetchWaitMilliseconds),
            "message.timeout.ms": String(RegistryServerLimits.writeTimeoutMilliseconds),
            "linger.ms": "0",
        ]
        for (name, value) in own where kafka.properties[name] == nil {
            kafka.properties[name] = value
        }
        return kafka
    }

    /// A topic just made may not be known to every broker at once.
    private static func prepare(_ topic: String, _ admin: KafkaAdmin) async throws(KafkaError)
        -> ClusterMetadata
    {
        var failures = 0
        while true {
            do throws(KafkaError) {
                return try await admin.metadata(topic: topic)
            } catch {
                failures += 1
                if error.isUnknownTopic, failures == 1 {
                    try await admin.createTopic(
                        topic, partitions: 1, configs: ["cleanup.policy": "compact"])
                    continue
                }
                let wait = RegistryServerLimits.topicBackoff.wait(afterFailures: failures)
                guard error.isRetriable, let wait else { throw error }
                try? await Task.sleep(for: wait)
            }
        }
    }
}
