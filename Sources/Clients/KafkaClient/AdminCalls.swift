// The admin calls as librdkafka takes them: a request, a queue, one event with the results.

import CRdKafka

extension AdminWorker {
    func createTopic(
        _ name: String, partitions: Int, configs: [String: String], replicationFactor: Int
    ) throws(KafkaError) -> Bool {
        try ready()
        var text = [CChar](repeating: 0, count: KafkaLimits.errorTextBytes)
        guard
            let topic = rd_kafka_NewTopic_new(
                name, Int32(clamping: partitions), Int32(clamping: replicationFactor), &text,
                text.count)
        else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR__INVALID_ARG, KafkaHandle.string(text), topic: name)
        }
        defer { rd_kafka_NewTopic_destroy(topic) }
        for (property, value) in configs.sorted(by: { $0.key < $1.key }) {
            let code = rd_kafka_NewTopic_set_config(topic, property, value)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, topic: name) }
        }
        var topics: [OpaquePointer?] = [topic]
        let event = try answer(RD_KAFKA_ADMIN_OP_CREATETOPICS) { client, options, queue in
            rd_kafka_CreateTopics(client, &topics, 1, options, queue)
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let result = rd_kafka_event_CreateTopics_result(event)
        let code = try Self.check(
            rd_kafka_CreateTopics_result_topics(result, &count), count, topic: name,
            except: RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR
    }

    func deleteTopic(_ name: String) throws(KafkaError) -> Bool {
        try ready()
        guard let topic = rd_kafka_DeleteTopic_new(name) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, topic: name)
        }
        defer { rd_kafka_DeleteTopic_destroy(topic) }
        var topics: [OpaquePointer?] = [topic]
        let event = try answer(RD_KAFKA_ADMIN_OP_DELETETOPICS) { client, options, queue in
            rd_kafka_DeleteTopics(client, &topics, 1, options, queue)
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let result = rd_kafka_event_DeleteTopics_result(event)
        let code = try Self.check(
            rd_kafka_DeleteTopics_result_topics(result, &count), count, topic: name,
            except: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR
    }

    func groups() throws(KafkaError) -> [ConsumerGroup] {
        try ready()
        let event = try answer(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS) { client, options, queue in
            rd_kafka_ListConsumerGroups(client, options, queue)
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let result = rd_kafka_event_ListConsumerGroups_result(event)
        let groups = rd_kafka_ListConsumerGroups_result_valid(result, &count)
        return (0..<count).compactMap { index in
            guard let group = groups?[index] else { return nil }
            let state = rd_kafka_ConsumerGroupListing_state(group)
            return ConsumerGroup(
                id: String(cString: rd_kafka_ConsumerGroupListing_group_id(group)),
                state: String(cString: rd_kafka_consumer_group_state_name(state)),
                isSimple: rd_kafka_ConsumerGroupListing_is_simple_consumer_group(group) != 0)
        }.sorted { $0.id < $1.id }
    }

    func committed(group: String, topic: String) throws(KafkaError) -> [Int32: Int64] {
        let partitions = try metadata(topic: topic).topics.first?.partitions ?? 0
        let list = rd_kafka_topic_partition_list_new(Int32(clamping: partitions))
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for partition in 0..<partitions {
            rd_kafka_topic_partition_list_add(list, topic, Int32(clamping: partition))
        }
        guard let request = rd_kafka_ListConsumerGroupOffsets_new(group, list) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, topic: topic)
        }
        defer { rd_kafka_ListConsumerGroupOffsets_destroy(request) }
        var requests: [OpaquePointer?] = [request]
        let event = try answer(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS) {
            client, options, queue in
            rd_kafka_ListConsumerGroupOffsets(client, &requests, 1, options, queue)
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let result = rd_kafka_event_ListConsumerGroupOffsets_result(event)
        let groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count)
        guard count == 1, let answered = groups?[0] else { return [:] }
        if let error = rd_kafka_group_result_error(answered) {
            throw KafkaError(
                rd_kafka_error_code(error), String(cString: rd_kafka_error_string(error)),
                topic: topic)
        }
        guard let offsets = rd_kafka_group_result_partitions(answered)?.pointee else { return [:] }
        var committed: [Int32: Int64] = [:]
        for index in 0..<Int(offsets.cnt) where offsets.elems[index].offset >= 0 {
            committed[offsets.elems[index].partition] = offsets.elems[index].offset
        }
        return committed
    }

    /// Sends a request and waits for its event, which the caller destroys.
    private func answer(
        _ operation: rd_kafka_admin_op_t,
        _ request: (OpaquePointer, OpaquePointer?, OpaquePointer?) -> Void
    ) throws(KafkaError) -> OpaquePointer {
        let queue = rd_kafka_queue_new(handle.pointer)
        let options = rd_kafka_AdminOptions_new(handle.pointer, operation)
        defer {
            rd_kafka_AdminOptions_destroy(options)
            rd_kafka_queue_destroy(queue)
        }
        var text = [CChar](repeating: 0, count: KafkaLimits.errorTextBytes)
        rd_kafka_AdminOptions_set_request_timeout(
            options, KafkaLimits.adminTimeoutMilliseconds, &text, text.count)
        request(handle.pointer, options, queue)
        guard let event = rd_kafka_queue_poll(queue, KafkaLimits.adminTimeoutMilliseconds + 1_000)
        else { throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT) }
        let code = rd_kafka_event_error(event)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return event }
        let message = String(cString: rd_kafka_event_error_string(event))
        rd_kafka_event_destroy(event)
        throw KafkaError(code, message)
    }

    private static func check(
        _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, topic: String,
        except allowed: rd_kafka_resp_err_t
    ) throws(KafkaError) -> rd_kafka_resp_err_t {
        guard count == 1, let result = results?[0] else {
            throw KafkaError(RD_KAFKA_RESP_ERR__BAD_MSG, "no result for the topic", topic: topic)
        }
        let code = rd_kafka_topic_result_error(result)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR, code != allowed else { return code }
        let text = rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
        throw KafkaError(code, text, topic: topic)
    }
}
