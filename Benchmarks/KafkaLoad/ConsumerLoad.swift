// One consumer on all partitions of a topic, from their start.

import CRdKafka
import Foundation
import MillraceBase

struct ConsumerLoad {
    var target: Target
    var records: Int

    func run() throws -> LoadResult {
        var bytes = 0
        let start = now()
        let reader = try TopicReader(target, fromEnd: false)
        defer { reader.close() }
        try reader.read(records) { bytes += $0.pointee.len }
        return LoadResult(records: records, bytes: bytes, microseconds: now() - start)
    }
}

/// A consumer that was given all partitions of a topic.
struct TopicReader {
    private let handle: OpaquePointer
    private let queue: OpaquePointer

    init(_ target: Target, fromEnd: Bool) throws(LoadError) {
        handle = try Handle.make(
            RD_KAFKA_CONSUMER, target,
            [
                "group.id": "kafka-load", "enable.auto.commit": "false",
                "queued.min.messages": "100000", "fetch.wait.max.ms": fromEnd ? "100" : "500",
                "auto.offset.reset": "earliest", "check.crcs": "false",
            ], opaque: nil)
        rd_kafka_poll_set_consumer(handle)
        guard let queue = rd_kafka_queue_get_consumer(handle) else {
            throw LoadError(description: "no queue")
        }
        self.queue = queue
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let topic = rd_kafka_topic_new(handle, target.topic, nil)
        defer { rd_kafka_topic_destroy(topic) }
        let code = rd_kafka_metadata(handle, 0, topic, &metadata, 10_000)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let found = metadata?.pointee.topics?.pointee
        else {
            throw LoadError(description: String(cString: rd_kafka_err2str(code)))
        }
        let list = rd_kafka_topic_partition_list_new(found.partition_cnt)
        for partition in 0..<found.partition_cnt {
            let entry = rd_kafka_topic_partition_list_add(list, target.topic, partition)
            entry?.pointee.offset = Int64(fromEnd ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING)
        }
        rd_kafka_assign(handle, list)
        rd_kafka_topic_partition_list_destroy(list)
        rd_kafka_metadata_destroy(metadata)
    }

    func read(
        _ count: Int, _ visit: (UnsafeMutablePointer<rd_kafka_message_t>) -> Void
    ) throws(LoadError) {
        var left = count
        var messages = [UnsafeMutablePointer<rd_kafka_message_t>?](repeating: nil, count: 10_000)
        var silence = 0
        while left > 0 {
            // A batch call waits for a whole batch; so the first record is waited for alone.
            messages[0] = rd_kafka_consume_queue(queue, 100)
            var got = messages[0] == nil ? 0 : 1
            if got == 1, left > 1 {
                got += messages[1...].withUnsafeMutableBufferPointer { rest in
                    max(
                        rd_kafka_consume_batch_queue(
                            queue, 0, rest.baseAddress, min(left - 1, rest.count)), 0)
                }
            }
            silence = got == 0 ? silence + 1 : 0
            guard silence < 300 else {
                throw LoadError(description: "nothing came; \(left) missing")
            }
            for message in messages.prefix(got) {
                guard let message else { continue }
                if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                    visit(message)
                    left -= 1
                }
                rd_kafka_message_destroy(message)
            }
        }
    }

    func close() {
        rd_kafka_queue_destroy(queue)
        rd_kafka_consumer_close(handle)
        rd_kafka_destroy(handle)
    }
}
