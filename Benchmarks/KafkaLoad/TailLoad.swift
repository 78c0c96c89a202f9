// A producer at a steady rate and a consumer that keeps up: the time of each record from one to the other.

import CRdKafka
import Foundation
import MillraceBase
import Synchronization

struct TailLoad {
    var target: Target
    var records: Int
    var size: Int
    var bytesPerSecond: Int

    func run() throws -> String {
        let reader = try TopicReader(target, fromEnd: true)
        defer { reader.close() }
        Thread.sleep(forTimeInterval: 1)  // The assignment takes a moment to reach the end.
        let produced = Mutex<Result<LoadResult, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        let load = StampedProducer(
            target: target, records: records, size: max(size, 8), bytesPerSecond: bytesPerSecond)
        Thread {
            let result = Result { try load.run() }
            produced.withLock { $0 = result }
            done.signal()
        }.start()
        var latency = LatencyHistogram()
        let start = now()
        try reader.read(records) { message in
            guard let value = message.pointee.payload, message.pointee.len >= 8 else { return }
            latency.record(.microseconds(now() - value.loadUnaligned(as: Int64.self)))
        }
        done.wait()
        _ = try produced.withLock { $0 }?.get()
        return LoadResult(
            records: records, bytes: records * size, microseconds: now() - start, latency: latency
        ).json
    }
}

/// Sends records that begin with the moment they were sent.
struct StampedProducer {
    var target: Target
    var records: Int
    var size: Int
    var bytesPerSecond: Int

    func run() throws -> LoadResult {
        let reports = DeliveryReports()
        let handle = try Handle.make(
            RD_KAFKA_PRODUCER, target, ["acks": "all", "linger.ms": "1"],
            opaque: Unmanaged.passUnretained(reports).toOpaque())
        defer { rd_kafka_destroy(handle) }
        let topic = rd_kafka_topic_new(handle, target.topic, nil)
        defer { rd_kafka_topic_destroy(topic) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 7)
        let start = now()
        var sent = 0
        while sent < records {
            let due = start + Int64(Double(sent) * Double(size) * 1e6 / Double(bytesPerSecond))
            while now() < due { rd_kafka_poll(handle, 0); usleep(200) }
            buffer.storeBytes(of: now(), as: Int64.self)
            let code = rd_kafka_produce(
                topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, buffer.baseAddress, size, nil, 0,
                nil)
            if code == 0 { sent += 1 } else { rd_kafka_poll(handle, 5) }
        }
        while reports.acknowledged + reports.failed < records { rd_kafka_poll(handle, 10) }
        return LoadResult(
            records: reports.acknowledged, bytes: 0, microseconds: now() - start,
            failed: reports.failed)
    }
}
