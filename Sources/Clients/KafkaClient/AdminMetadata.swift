// What the cluster is made of, and how far its logs reach.

import CRdKafka

extension AdminWorker {
    /// Topics that the broker keeps for itself. librdkafka hides the protocol's own flag.
    private static let internalTopics: Set<String> = [
        "__consumer_offsets", "__transaction_state", "__cluster_metadata", "__share_group_state",
    ]

    func metadata(topic name: String?) throws(KafkaError) -> ClusterMetadata {
        try ready()
        var only: OpaquePointer?
        if let name {
            only = rd_kafka_topic_new(handle.pointer, name, nil)
            guard only != nil else { throw KafkaError(rd_kafka_last_error(), topic: name) }
        }
        defer { if let only { rd_kafka_topic_destroy(only) } }
        var answer: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(
            handle.pointer, name == nil ? 1 : 0, only, &answer,
            KafkaLimits.adminTimeoutMilliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let answer else {
            throw KafkaError(code, topic: name)
        }
        defer { rd_kafka_metadata_destroy(answer) }
        handle.noteConnected()
        var metadata = ClusterMetadata(clusterID: clusterID(), brokers: [], topics: [])
        for index in 0..<Int(answer.pointee.broker_cnt) {
            let broker = answer.pointee.brokers[index]
            metadata.brokers.append(
                .init(id: broker.id, host: String(cString: broker.host), port: Int(broker.port)))
        }
        for index in 0..<Int(answer.pointee.topic_cnt) {
            let topic = answer.pointee.topics[index]
            let topicName = String(cString: topic.topic)
            if name != nil, topic.err != RD_KAFKA_RESP_ERR_NO_ERROR {
                throw KafkaError(topic.err, topic: topicName)
            }
            metadata.topics.append(
                .init(
                    name: topicName, partitions: Int(topic.partition_cnt),
                    isInternal: Self.internalTopics.contains(topicName)))
        }
        metadata.topics.sort { $0.name < $1.name }
        return metadata
    }

    private func clusterID() -> String {
        guard
            let text = rd_kafka_clusterid(handle.pointer, KafkaLimits.adminTimeoutMilliseconds)
        else { return "" }
        defer { rd_kafka_mem_free(handle.pointer, text) }
        return String(cString: text)
    }

    func watermarks(_ topic: String) throws(KafkaError) -> [Int32: Watermarks] {
        let partitions = try metadata(topic: topic).topics.first?.partitions ?? 0
        var watermarks: [Int32: Watermarks] = [:]
        for partition in 0..<Int32(clamping: partitions) {
            var low: Int64 = 0
            var high: Int64 = 0
            let code = rd_kafka_query_watermark_offsets(
                handle.pointer, topic, partition, &low, &high,
                KafkaLimits.adminTimeoutMilliseconds)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw KafkaError(code, topic: topic, partition: partition)
            }
            watermarks[partition] = Watermarks(low: low, high: high)
        }
        return watermarks
    }
}
