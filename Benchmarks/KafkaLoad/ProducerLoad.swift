// Producers, each on a thread of its own; acknowledgements are counted and timed by their reports.

import CRdKafka
import Foundation
import MillraceBase
import Synchronization

/// What the acknowledgements of one producer said. Used by its own thread only, which polls.
final class DeliveryReports {
    var acknowledged = 0
    var failed = 0
    var latency = LatencyHistogram()

    static func register(on configuration: OpaquePointer?) {
        rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
            guard let message, let opaque else { return }
            let reports = Unmanaged<DeliveryReports>.fromOpaque(opaque).takeUnretainedValue()
            guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
                reports.failed += 1
                return
            }
            reports.acknowledged += 1
            let sent = Int64(Int(bitPattern: message.pointee._private))
            if sent > 0 { reports.latency.record(.microseconds(now() - sent)) }
        }
    }
}

struct ProducerLoad {
    var target: Target
    var records: Int
    var size: Int
    var producers: Int
    /// 0: no limit.
    var bytesPerSecond: Int

    func run() throws -> LoadResult {
        let results = Mutex<[Result<LoadResult, LoadError>]>([])
        let done = DispatchSemaphore(value: 0)
        let start = now()
        for index in 0..<producers {
            let share = records / producers + (index < records % producers ? 1 : 0)
            let thread = Thread {
                let result = Result { () throws(LoadError) in try one(share) }
                results.withLock { $0.append(result) }
                done.signal()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        for _ in 0..<producers { done.wait() }
        var sum = LoadResult(records: 0, bytes: 0, microseconds: now() - start)
        for result in results.withLock({ $0 }) {
            let part = try result.get()
            sum.records += part.records
            sum.failed += part.failed
            sum.latency.merge(part.latency)
        }
        sum.bytes = sum.records * size
        return sum
    }

    private func one(_ count: Int) throws(LoadError) -> LoadResult {
        let reports = DeliveryReports()
        let handle = try made(reports)
        defer { rd_kafka_destroy(handle) }
        guard let topic = rd_kafka_topic_new(handle, target.topic, nil) else {
            throw LoadError(description: "no topic \(target.topic)")
        }
        defer { rd_kafka_topic_destroy(topic) }
        var value = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
        let microsecondsPerRecord =
            bytesPerSecond == 0 ? 0 : Double(size * producers) * 1e6 / Double(bytesPerSecond)
        let start = now()
        var sent = 0
        while sent < count {
            if bytesPerSecond > 0 {
                let due = start + Int64(Double(sent) * microsecondsPerRecord)
                while now() < due { rd_kafka_poll(handle, 0); usleep(200) }
            }
            let stamp = bytesPerSecond > 0 ? now() : 0
            let code = rd_kafka_produce(
                topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, &value, size, nil, 0,
                UnsafeMutableRawPointer(bitPattern: Int(stamp)))
            if code == 0 { sent += 1 } else { rd_kafka_poll(handle, 5) }
            if sent & 1_023 == 0 { rd_kafka_poll(handle, 0) }
        }
        while reports.acknowledged + reports.failed < count { rd_kafka_poll(handle, 10) }
        return LoadResult(
            records: reports.acknowledged, bytes: 0, microseconds: 0, failed: reports.failed,
            latency: reports.latency)
    }

    private func made(_ reports: DeliveryReports) throws(LoadError) -> OpaquePointer {
        var properties = [
            "acks": "all", "linger.ms": bytesPerSecond > 0 ? "1" : "5",
            "queue.buffering.max.messages": "1000000",
            "queue.buffering.max.kbytes": "262144", "batch.size": "1000000",
        ]
        if bytesPerSecond == 0 { properties["batch.num.messages"] = "10000" }
        return try Handle.make(
            RD_KAFKA_PRODUCER, target, properties,
            opaque: Unmanaged.passUnretained(reports).toOpaque())
    }
}
