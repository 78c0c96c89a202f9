// One librdkafka instance: made from properties, destroyed once, its errors and logs drained.

import CRdKafka
import Logging
import Synchronization

/// Whether any broker can be reached, as far as the client knows.
public enum KafkaConnectionState: Sendable, Equatable {
    case connected
    /// All brokers are down or cannot be found; the client goes on trying.
    case unreachable(reason: String)
}

/// Owns an `rd_kafka_t` and its main queue.
///
/// `@unchecked Sendable`: librdkafka's handles and queues may be used from any thread at once
/// (INTRODUCTION.md, "Threads and callbacks"), both pointers are constants, and `destroy` runs
/// once, by whoever owns the handle, after all other users have stopped.
final class KafkaHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    let mainQueue: OpaquePointer
    private let logger: Logger
    private let connection = Mutex(KafkaConnectionState.connected)
    private let newestStatistics = Mutex<String?>(nil)
    private let lastProbe = Mutex(ContinuousClock.now)

    var state: KafkaConnectionState { connection.withLock { $0 } }

    /// librdkafka's STATISTICS.md as JSON, as of the last `statistics.interval.ms`; `nil` before.
    var statistics: String? { newestStatistics.withLock { $0 } }

    /// Reports, errors, logs and statistics come as events that we poll for.
    /// - Parameter prepare: sets what a property cannot, such as a rebalance callback.
    init(
        _ type: rd_kafka_type_t, _ configuration: KafkaConfiguration, defaults: [String: String],
        extra: [String: String] = [:], logger: Logger,
        prepare: (OpaquePointer) -> Void = { _ in }
    ) throws(KafkaError) {
        guard let conf = rd_kafka_conf_new() else {
            throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "librdkafka has no memory")
        }
        do throws(KafkaError) {
            for properties in [
                KafkaConfiguration.common, defaults, configuration.properties, extra,
            ] {
                for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
                    // Older ones know one protocol of groups only, and no name for it.
                    if name == "group.protocol", !KafkaLibrary.knowsGroupProtocols { continue }
                    try Self.set(name, value, in: conf)
                }
            }
        } catch {
            rd_kafka_conf_destroy(conf)
            throw error
        }
        rd_kafka_conf_set_events(
            conf,
            RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS)
        prepare(conf)
        var text = [CChar](repeating: 0, count: KafkaLimits.errorTextBytes)
        guard let pointer = rd_kafka_new(type, conf, &text, text.count) else {
            let code = rd_kafka_last_error()
            rd_kafka_conf_destroy(conf)
            throw KafkaError(code, Self.string(text))
        }
        self.pointer = pointer
        self.logger = logger
        guard let queue = rd_kafka_queue_get_main(pointer) else {
            rd_kafka_destroy(pointer)
            throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "librdkafka has no memory")
        }
        mainQueue = queue
        rd_kafka_set_log_queue(pointer, nil)
    }

    private static func set(_ name: String, _ value: String, in conf: OpaquePointer)
        throws(KafkaError)
    {
        var text = [CChar](repeating: 0, count: KafkaLimits.errorTextBytes)
        let result = rd_kafka_conf_set(conf, name, value, &text, text.count)
        guard result == RD_KAFKA_CONF_OK else {
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "property \(name): \(string(text))")
        }
    }

    static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Blocks until librdkafka's threads ended. Nobody may use the handle after it.
    func destroy(closesConsumer: Bool = false) {
        rd_kafka_queue_destroy(mainQueue)
        let flags = closesConsumer ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE
        rd_kafka_destroy_flags(pointer, flags)
    }

    /// Takes one event that is no delivery report.
    func take(_ event: OpaquePointer) {
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_LOG: log(event)
        case RD_KAFKA_EVENT_ERROR: noteError(event)
        case RD_KAFKA_EVENT_STATS:
            let text = String(cString: rd_kafka_event_stats(event))
            newestStatistics.withLock { $0 = text }
        default: break  // Events we did not ask for carry nothing to keep.
        }
    }

    /// Handles what waits on the main queue, without waiting.
    func drainMainQueue() {
        while let event = rd_kafka_queue_poll(mainQueue, 0) {
            take(event)
            rd_kafka_event_destroy(event)
        }
    }

    func noteConnected() {
        let was = connection.withLock { state in
            defer { state = .connected }
            return state
        }
        if was != .connected { logger.info("kafka is reachable again") }
    }

    /// No event tells that a broker is back; a cheap question does.
    func probeIfUnreachable() {
        guard state != .connected else { return }
        let isDue = lastProbe.withLock { last in
            guard ContinuousClock.now - last > KafkaLimits.probeInterval else { return false }
            last = .now
            return true
        }
        guard isDue else { return }
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(
            pointer, 0, nil, &metadata, KafkaLimits.probeTimeoutMilliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        rd_kafka_metadata_destroy(metadata)
        noteConnected()
    }

    /// The fatal error that ended this instance, if one did.
    var fatalError: KafkaError? {
        var text = [CChar](repeating: 0, count: KafkaLimits.errorTextBytes)
        let code = rd_kafka_fatal_error(pointer, &text, text.count)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return KafkaError(code, Self.string(text), isRetriable: false, isFatal: true)
    }

    private func noteError(_ event: OpaquePointer) {
        let code = rd_kafka_event_error(event)
        let text = String(cString: rd_kafka_event_error_string(event))
        if code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN {
            connection.withLock { $0 = .unreachable(reason: text) }
            logger.warning("kafka is unreachable", metadata: ["reason": "\(text)"])
        } else if code == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event) != 0 {
            logger.warning("kafka client failed for good", metadata: ["reason": "\(text)"])
        } else {
            logger.debug("kafka client error", metadata: ["reason": "\(text)"])
        }
    }

    private func log(_ event: OpaquePointer) {
        var facility: UnsafePointer<CChar>?
        var text: UnsafePointer<CChar>?
        var level: Int32 = 7
        guard rd_kafka_event_log(event, &facility, &text, &level) == 0, let text else { return }
        let name = facility.map { String(cString: $0) } ?? ""
        // A broker that is away is told once by an error event; its log lines repeat.
        let repeats = ["FAIL", "ERROR", "CONFWARN"].contains(name)
        logger.log(
            level: level <= 4 && !repeats ? .warning : .debug, "\(String(cString: text))",
            metadata: ["facility": "\(name)"])
    }
}
