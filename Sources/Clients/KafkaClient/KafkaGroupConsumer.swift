// A member of a consumer group: partitions come and go, offsets are committed to the cluster.

import CRdKafka
import Foundation
public import Logging
import MillraceBase
import Synchronization

/// Partitions that a member of a group was given, or has to give up.
public struct Rebalance: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case assigned
        /// Still owned while the callback runs: what it returns is committed.
        case revoked
        /// Owned by another already: nothing of it can be committed.
        case lost
    }

    public var kind: Kind
    public var partitions: [TopicPartition]
}

/// Reads topics as a member of a group. All calls run on one thread, one after the other.
///
/// A member that does not `poll` for `max.poll.interval.ms` is taken for dead. `close` commits nothing,
/// leaves the group, and gives its partitions up at once.
public actor KafkaGroupConsumer {
    /// Called on the consumer's thread, within `poll` or `close`. It must not call the consumer.
    ///
    /// - Returns: offsets to be committed before partitions are given up; nothing by default.
    public typealias RebalanceCallback = @Sendable (Rebalance) -> [TopicPartition: Int64]

    private let handle: KafkaHandle
    private let thread: SerialThread
    private let listener: RebalanceListener
    private var isClosed = false
    private var heldError: KafkaError?

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// - Parameters:
    ///   - group: Kafka's `group.id`. All else, such as `group.instance.id`,
    ///     `partition.assignment.strategy` or `isolation.level`, goes into the configuration.
    ///   - onRebalance: told of each change of partitions.
    /// - Throws: for `group.protocol=consumer` (KIP-848), which the linked librdkafka is too old for.
    public init(
        _ configuration: KafkaConfiguration, group: String,
        logger: Logger = Logger(label: "millrace.kafka"),
        onRebalance: @escaping RebalanceCallback = { _ in [:] }
    ) throws(KafkaError) {
        if configuration.properties["group.protocol"] == "consumer",
            !KafkaLibrary.knowsGroupProtocols
        {
            throw .unsupported(
                "group.protocol=consumer needs librdkafka 2.4; \(KafkaLibrary.version) is linked"
            )
        }
        let listener = RebalanceListener(onRebalance)
        self.listener = listener
        handle = try KafkaHandle(
            RD_KAFKA_CONSUMER, configuration,
            defaults: [
                "enable.auto.commit": "false", "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": "100",
                "queued.max.messages.kbytes": String(KafkaLimits.consumerQueueKilobytesMax),
            ],
            extra: ["group.id": group], logger: logger
        ) { conf in
            // The listener lives as long as this actor, which destroys the handle first.
            rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(listener).toOpaque())
            rd_kafka_conf_set_rebalance_cb(conf) { client, code, partitions, opaque in
                guard let client, let partitions, let opaque else { return }
                Unmanaged<RebalanceListener>.fromOpaque(opaque).takeUnretainedValue()
                    .changed(client, code, partitions)
            }
        }
        thread = SerialThread("kafka.group")
    }

    deinit {
        guard !isClosed else { return }
        let (handle, listener) = (handle, listener)
        Thread.detachNewThread {
            handle.destroy(closesConsumer: true)
            // Kept until the handle, whose callback uses it, is gone.
            withExtendedLifetime(listener) {}
        }
    }

    /// - Parameter topics: names, or regular expressions that begin with `^`.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        guard !isClosed else { throw .closed }
        let list = rd_kafka_topic_partition_list_new(Int32(clamping: topics.count))
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for topic in topics {
            rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA)
        }
        let code = rd_kafka_subscribe(handle.pointer, list)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code) }
    }

    public func unsubscribe() throws(KafkaError) {
        guard !isClosed else { throw .closed }
        let code = rd_kafka_unsubscribe(handle.pointer)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code) }
    }

    public nonisolated var state: KafkaConnectionState { handle.state }
    /// librdkafka's statistics as JSON text, when `statistics.interval.ms` is set in the configuration.
    public nonisolated var statistics: String? { handle.statistics }

    /// Partitions this member has now.
    public var assignment: Set<TopicPartition> { listener.owned }

    /// Waits until there is a record, then takes those that are there, up to `recordsMax`.
    /// - Returns: nothing when the time is up.
    public func poll(recordsMax: Int = 500, wait: Duration) throws(KafkaError) -> ConsumedRecords {
        guard !isClosed else { throw .closed }
        if let error = heldError {
            heldError = nil
            throw error
        }
        handle.drainMainQueue()
        let messages = take(
            max(1, min(recordsMax, KafkaLimits.pollRecordsMax)), wait.wholeMilliseconds)
        defer { for message in messages { rd_kafka_message_destroy(message) } }
        guard !messages.isEmpty else {
            handle.probeIfUnreachable()
            return ConsumedRecords()
        }
        handle.noteConnected()
        var reader = MessageReader(readsHeaders: true)
        let records = messages.map(Optional.some).withUnsafeBufferPointer { reader.read($0) }
        if let error = reader.error {
            if records.isEmpty { throw error }
            heldError = error
        }
        return records
    }

    /// A rebalance may come between two messages: those of partitions given up by it belong to
    /// whoever has them next, and are dropped here, for nothing of them could be committed.
    private func take(
        _ room: Int, _ milliseconds: Int32
    ) -> [UnsafeMutablePointer<rd_kafka_message_t>] {
        var messages: [UnsafeMutablePointer<rd_kafka_message_t>] = []
        var left = milliseconds
        var next: UnsafeMutablePointer<rd_kafka_message_t>?
        repeat {
            next = rd_kafka_consumer_poll(handle.pointer, left)
            left = 0
            let gone = listener.takeGivenUp()
            if !gone.isEmpty {
                messages = messages.filter { message in
                    guard gone.contains(MessageReader.place(message.pointee)) else { return true }
                    rd_kafka_message_destroy(message)
                    return false
                }
            }
            if let next { messages.append(next) }
        } while next != nil && messages.count < room
        return messages
    }

    /// Commits offsets of the records to be read next, and waits for the answer.
    public func commit(_ offsets: [TopicPartition: Int64]) throws(KafkaError) {
        guard !isClosed else { throw .closed }
        let code = RebalanceListener.commit(handle.pointer, offsets)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code) }
    }

    /// For `KafkaProducer.send(offsets:of:)`. It changes with every rebalance: ask anew each time.
    public func membership() throws(KafkaError) -> GroupMembership {
        guard !isClosed else { throw .closed }
        guard let metadata = rd_kafka_consumer_group_metadata(handle.pointer) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__STATE, "the consumer has no group")
        }
        defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
        var (buffer, size): (UnsafeMutableRawPointer?, Int) = (nil, 0)
        if let error = rd_kafka_consumer_group_metadata_write(metadata, &buffer, &size) {
            throw KafkaError(taking: error)
        }
        defer { rd_kafka_mem_free(handle.pointer, buffer) }
        return GroupMembership(
            bytes: Array(UnsafeRawBufferPointer(start: buffer, count: size)))
    }

    /// Reading of some partitions rests; what was fetched of them is dropped and fetched again later.
    public func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        try with(partitions, rd_kafka_pause_partitions)
    }

    public func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        try with(partitions, rd_kafka_resume_partitions)
    }

    /// Reads on from these offsets, as after a transaction that was aborted.
    /// - Throws: for the first partition that is not this member's.
    public func seek(_ offsets: [TopicPartition: Int64]) throws(KafkaError) {
        guard !isClosed else { throw .closed }
        let list = rd_kafka_topic_partition_list_new(Int32(clamping: offsets.count))
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for (place, offset) in offsets {
            rd_kafka_topic_partition_list_add(list, place.topic, place.partition)?
                .pointee.offset = offset
        }
        if let error = rd_kafka_seek_partitions(
            handle.pointer, list, KafkaLimits.seekTimeoutMilliseconds)
        {
            throw KafkaError(taking: error)
        }
        for index in 0..<Int(list?.pointee.cnt ?? 0) {
            guard let entry = list?.pointee.elems[index],
                entry.err != RD_KAFKA_RESP_ERR_NO_ERROR
            else { continue }
            throw KafkaError(
                entry.err, topic: String(cString: entry.topic), partition: entry.partition)
        }
    }

    /// Leaves the group. Blocks the consumer's thread until its callback has given partitions up.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        rd_kafka_consumer_close(handle.pointer)
        handle.destroy(closesConsumer: true)
    }

    private func with(
        _ partitions: [TopicPartition],
        _ call: (OpaquePointer?, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) ->
            rd_kafka_resp_err_t
    ) throws(KafkaError) {
        guard !isClosed else { throw .closed }
        let list = rd_kafka_topic_partition_list_new(Int32(clamping: partitions.count))
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for place in partitions {
            rd_kafka_topic_partition_list_add(list, place.topic, place.partition)
        }
        let code = call(handle.pointer, list)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code) }
    }
}

/// What librdkafka's rebalance callback calls, on the consumer's thread.
final class RebalanceListener: Sendable {
    private let callback: KafkaGroupConsumer.RebalanceCallback
    private let partitions = Mutex<Set<TopicPartition>>([])
    private let givenUp = Mutex<Set<TopicPartition>>([])

    init(_ callback: @escaping KafkaGroupConsumer.RebalanceCallback) { self.callback = callback }

    var owned: Set<TopicPartition> { partitions.withLock { $0 } }

    /// Partitions given up since the last call, even if they came back.
    func takeGivenUp() -> Set<TopicPartition> {
        givenUp.withLock { places in
            defer { places = [] }
            return places
        }
    }

    func changed(
        _ client: OpaquePointer, _ code: rd_kafka_resp_err_t,
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) {
        let places = (0..<Int(list.pointee.cnt)).map { index in
            let entry = list.pointee.elems[index]
            return TopicPartition(
                topic: String(cString: entry.topic), partition: entry.partition)
        }
        let isCooperative = String(cString: rd_kafka_rebalance_protocol(client)) == "COOPERATIVE"
        if code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            partitions.withLock { $0.formUnion(places) }
            _ = callback(Rebalance(kind: .assigned, partitions: places))
            if isCooperative {
                Self.free(rd_kafka_incremental_assign(client, list))
            } else {
                rd_kafka_assign(client, list)
            }
            return
        }
        let isLost = rd_kafka_assignment_lost(client) != 0
        let offsets = callback(Rebalance(kind: isLost ? .lost : .revoked, partitions: places))
        // A refusal is the group's: another member reads the records again.
        if !isLost, !offsets.isEmpty { _ = Self.commit(client, offsets) }
        partitions.withLock { $0.subtract(places) }
        givenUp.withLock { $0.formUnion(places) }
        if isCooperative {
            Self.free(rd_kafka_incremental_unassign(client, list))
        } else {
            rd_kafka_assign(client, nil)
        }
    }

    /// The next poll tells of what such an error object says.
    private static func free(_ error: OpaquePointer?) {
        if let error { rd_kafka_error_destroy(error) }
    }

    static func commit(
        _ client: OpaquePointer, _ offsets: [TopicPartition: Int64]
    ) -> rd_kafka_resp_err_t {
        let list = rd_kafka_topic_partition_list_new(Int32(clamping: offsets.count))
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for (place, offset) in offsets {
            rd_kafka_topic_partition_list_add(list, place.topic, place.partition)?
                .pointee.offset = offset
        }
        return rd_kafka_commit(client, list, 0)
    }
}
