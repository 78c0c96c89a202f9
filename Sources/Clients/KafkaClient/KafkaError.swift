// What Kafka or librdkafka refused, with what a caller needs to decide what to do.

import CRdKafka

/// An error of a Kafka client call. Never carries keys or values.
public struct KafkaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The protocol's number; negative ones are librdkafka's own.
    public var code: Int32
    /// Kafka's name in librdkafka's spelling: `TOPIC_ALREADY_EXISTS`; `_TRANSPORT` for local ones.
    public var name: String
    public var message: String
    /// The same call may work later.
    public var isRetriable: Bool
    /// The client that threw it will never work again; make a new one.
    public var isFatal: Bool
    /// The transaction cannot be committed any more: abort it, then begin another.
    public var needsAbort = false
    public var topic: String?
    public var partition: Int32?

    init(
        _ code: rd_kafka_resp_err_t, _ message: String? = nil, isRetriable: Bool? = nil,
        isFatal: Bool = false, topic: String? = nil, partition: Int32? = nil
    ) {
        self.code = code.rawValue
        name = String(cString: rd_kafka_err2name(code))
        self.message = message ?? String(cString: rd_kafka_err2str(code))
        self.isRetriable = isRetriable ?? Self.retriable.contains(code.rawValue)
        self.isFatal = isFatal || code == RD_KAFKA_RESP_ERR__FATAL
        self.topic = topic
        self.partition = partition
    }

    /// Takes over and frees an error object of librdkafka.
    init(taking error: OpaquePointer, topic: String? = nil) {
        self.init(
            rd_kafka_error_code(error), String(cString: rd_kafka_error_string(error)),
            isRetriable: rd_kafka_error_is_retriable(error) != 0
                || Self.retriable.contains(rd_kafka_error_code(error).rawValue),
            isFatal: rd_kafka_error_is_fatal(error) != 0, topic: topic)
        needsAbort = rd_kafka_error_txn_requires_abort(error) != 0
        rd_kafka_error_destroy(error)
    }

    /// The offset asked for is not in the log (any more): records were lost to this reader.
    public var isOffsetOutOfRange: Bool {
        code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE.rawValue
            || code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET.rawValue
    }

    /// The caller's task was cancelled. Records already handed over may still be written.
    public var isCancelled: Bool { code == RD_KAFKA_RESP_ERR__INTR.rawValue }

    /// The client was closed before or during the call.
    public var isClosed: Bool { code == RD_KAFKA_RESP_ERR__DESTROY.rawValue }

    public var isUnknownTopic: Bool {
        code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART.rawValue
            || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC.rawValue
            || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue
    }

    public var description: String {
        var place = topic.map { " (topic \($0)" } ?? ""
        if topic != nil {
            place += partition.map { ", partition \($0))" } ?? ")"
        }
        return "\(name): \(message)\(place)"
    }

    static let cancelled = KafkaError(
        RD_KAFKA_RESP_ERR__INTR, "the call was cancelled", isRetriable: true)
    /// A record was acknowledged, or is known to be there, and did not come back by reading.
    public static func readBackTimeout(_ topic: String) -> KafkaError {
        KafkaError(
            RD_KAFKA_RESP_ERR__TIMED_OUT, "the topic's end was not reached in time", topic: topic)
    }

    static let closed = KafkaError(RD_KAFKA_RESP_ERR__DESTROY, "the client is closed")

    /// Source: apache/kafka Errors.java (retriable ones), and librdkafka's own for a lost broker.
    private static let retriable: Set<Int32> = Set(
        [
            RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__RESOLVE,
            RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__QUEUE_FULL,
            RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
            RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
            RD_KAFKA_RESP_ERR__NOENT, RD_KAFKA_RESP_ERR_INVALID_MSG,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
            RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            RD_KAFKA_RESP_ERR_NOT_CONTROLLER, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
        ].map(\.rawValue))
}
