// A reader of chosen partitions from chosen offsets: batches over one array of bytes.

import CRdKafka
import Foundation
public import Logging
import MillraceBase
import Synchronization

/// Reads by `assign`, never by group: where to go on is the caller's own knowledge.
///
/// All calls run on one thread of this consumer, one after the other. An unreachable broker is no
/// error: polls come back empty, `state` says so, and reading goes on when the broker is back.
public actor KafkaConsumer {
    private let handle: KafkaHandle
    private let queue: ConsumerQueue
    private let thread: SerialThread
    private let readsHeaders: Bool
    private let ended = OneTimeSignal()
    private let closing = Mutex(false)
    private var isClosed = false
    /// An error that came behind records; the next poll throws it.
    private var heldError: KafkaError?
    private var messages: [UnsafeMutablePointer<rd_kafka_message_t>?] = []

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// `@unchecked Sendable`: librdkafka's queues may be used from any thread. This one is
    /// destroyed on the consumer's thread, when no poll, and so no cancelling of one, is left.
    private struct ConsumerQueue: @unchecked Sendable { let pointer: OpaquePointer }

    /// - Parameters:
    ///   - headers: whether records carry their headers.
    ///   - reportsEnds: whether `ConsumedRecords.ends` names partitions read to their end.
    public init(
        _ configuration: KafkaConfiguration, headers: Bool = false, reportsEnds: Bool = false,
        logger: Logger = Logger(label: "millrace.kafka")
    ) throws(KafkaError) {
        handle = try KafkaHandle(
            RD_KAFKA_CONSUMER, configuration, defaults: KafkaConfiguration.consumer,
            extra: reportsEnds ? ["enable.partition.eof": "true"] : [:], logger: logger)
        guard let pointer = rd_kafka_queue_get_consumer(handle.pointer) else {
            handle.destroy()
            throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "librdkafka made no consumer queue")
        }
        queue = ConsumerQueue(pointer: pointer)
        thread = SerialThread("kafka.consumer")
        readsHeaders = headers
    }

    deinit {
        guard !isClosed else { return }
        let (handle, queue) = (handle, queue)
        Thread.detachNewThread {
            rd_kafka_queue_destroy(queue.pointer)
            handle.destroy()
        }
    }

    public nonisolated var state: KafkaConnectionState { handle.state }

    /// librdkafka's statistics as JSON text, when `statistics.interval.ms` is set in the configuration.
    public nonisolated var statistics: String? { handle.statistics }

    /// Reads from exactly these partitions and offsets from now on; records fetched before are
    /// dropped, so it is also how to seek. `KafkaOffset` has names for both ends.
    ///
    /// - Throws: an unknown topic (`isUnknownTopic`, retriable); the old assignment then stays.
    public func assign(_ offsets: [TopicPartition: Int64]) throws(KafkaError) {
        guard !isClosed else { throw .closed }
        heldError = nil
        guard let list = rd_kafka_topic_partition_list_new(Int32(clamping: offsets.count)) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "librdkafka has no memory")
        }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for (place, offset) in offsets {
            let entry = rd_kafka_topic_partition_list_add(list, place.topic, place.partition)
            entry?.pointee.offset = offset
        }
        for topic in Set(offsets.keys.map(\.topic)) { try learn(topic) }
        let code = rd_kafka_assign(handle.pointer, list)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code) }
    }

    /// Asks for a topic's leaders now: by itself librdkafka asks a second after the assignment,
    /// and tells of an unknown topic after half a minute. No answer in time is no error.
    private func learn(_ topic: String) throws(KafkaError) {
        guard let pointer = rd_kafka_topic_new(handle.pointer, topic, nil) else {
            throw KafkaError(rd_kafka_last_error(), topic: topic)
        }
        // librdkafka keeps what it learned for as long as its own cache lives.
        defer { rd_kafka_topic_destroy(pointer) }
        var answer: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(
            handle.pointer, 0, pointer, &answer, KafkaLimits.assignTimeoutMilliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let answer else { return }
        defer { rd_kafka_metadata_destroy(answer) }
        guard answer.pointee.topic_cnt == 1 else { return }
        let found = answer.pointee.topics[0]
        guard found.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(found.err, topic: topic)
        }
    }

    /// Waits until there is a record, then takes all that are there, up to `recordsMax`.
    ///
    /// - Returns: nothing when the time is up or the task was cancelled.
    /// - Throws: an offset that the log does not have, an unknown topic, no right to read: the
    ///   partition stands still until it is assigned anew.
    public func poll(recordsMax: Int, wait: Duration) async throws(KafkaError)
        -> ConsumedRecords
    {
        guard !isClosed else { throw .closed }
        if let error = heldError {
            heldError = nil
            throw error
        }
        handle.drainMainQueue()
        let room = max(1, min(recordsMax, KafkaLimits.pollRecordsMax))
        let count = await withTaskCancellationHandler {
            take(room, milliseconds: Task.isCancelled ? 0 : wait.wholeMilliseconds)
        } onCancel: { [queue] in
            rd_kafka_queue_yield(queue.pointer)
        }
        defer { release(count) }
        guard count > 0 else {
            handle.probeIfUnreachable()
            return ConsumedRecords()
        }
        handle.noteConnected()
        var reader = MessageReader(readsHeaders: readsHeaders)
        let result = messages.withUnsafeBufferPointer { buffer in
            reader.read(UnsafeBufferPointer(rebasing: buffer[..<count]))
        }
        guard let error = reader.error else { return result }
        if result.isEmpty, result.ends.isEmpty { throw error }
        heldError = error
        return result
    }

    /// Ends within `closeWait`, whatever the broker does.
    public nonisolated func close() async {
        let isFirst = closing.withLock { isClosing in
            defer { isClosing = true }
            return !isClosing
        }
        // Ends a poll that waits. Only the first closer may: the second may find the queue freed.
        if isFirst { rd_kafka_queue_yield(queue.pointer) }
        async let freed: Void = free()
        await ended.wait(atMost: KafkaLimits.closeWait)
        await freed
    }

    private func free() {
        guard !isClosed else { return }
        isClosed = true
        let (handle, queue, ended) = (handle, queue, ended)
        Thread.detachNewThread {
            rd_kafka_queue_destroy(queue.pointer)
            handle.destroy()
            ended.signal()
        }
    }

    /// Waits for a first message only: librdkafka's batch call alone would wait until all room is
    /// filled. Cancelling the task ends the wait.
    private func take(_ room: Int, milliseconds: Int32) -> Int {
        if messages.count < room {
            messages = Array(repeating: nil, count: room)
        }
        return messages.withUnsafeMutableBufferPointer { [queue] buffer in
            let first = rd_kafka_consume_batch_queue(
                queue.pointer, milliseconds, buffer.baseAddress, 1)
            guard first > 0, room > 1 else { return max(0, first) }
            let rest = rd_kafka_consume_batch_queue(
                queue.pointer, 0, buffer.baseAddress?.advanced(by: 1), room - 1)
            return 1 + max(0, rest)
        }
    }

    private func release(_ count: Int) {
        for index in 0..<count {
            rd_kafka_message_destroy(messages[index])
            messages[index] = nil
        }
    }
}

extension Duration {
    /// Rounded up, so that a wait of less than a millisecond is one.
    var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < Int64(Int32.max) / 1_000 else { return .max }
        let perMillisecond: Int64 = 1_000_000_000_000_000
        let rest = (attoseconds + perMillisecond - 1) / perMillisecond
        return Int32(clamping: max(0, seconds * 1_000 + rest))
    }
}
