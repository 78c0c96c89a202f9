// librdkafka's client made from properties, and the clock all figures are taken by.

import CRdKafka
import Foundation

struct LoadError: Error, CustomStringConvertible {
    var description: String
}

enum Handle {
    static func make(
        _ type: rd_kafka_type_t, _ target: Target, _ properties: [String: String],
        opaque: UnsafeMutableRawPointer?
    ) throws(LoadError) -> OpaquePointer {
        let configuration = rd_kafka_conf_new()
        var all = ["bootstrap.servers": target.brokers].merging(properties) { $1 }
        for property in target.property {
            let parts = property.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw LoadError(description: "no name=value: \(property)")
            }
            all[String(parts[0])] = String(parts[1])
        }
        var text = [CChar](repeating: 0, count: 512)
        for (name, value) in all
        where rd_kafka_conf_set(configuration, name, value, &text, text.count) != RD_KAFKA_CONF_OK {
            throw LoadError(description: describe(text))
        }
        rd_kafka_conf_set_opaque(configuration, opaque)
        if type == RD_KAFKA_PRODUCER { DeliveryReports.register(on: configuration) }
        guard let handle = rd_kafka_new(type, configuration, &text, text.count) else {
            throw LoadError(description: describe(text))
        }
        return handle
    }

    private static func describe(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Monotonic microseconds.
func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
}
