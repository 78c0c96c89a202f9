// Which librdkafka is linked.

import CRdKafka

public enum KafkaLibrary {
    /// As librdkafka names itself: `2.0.2`.
    public static var version: String { String(cString: rd_kafka_version_str()) }

    /// Whether it has `group.protocol`, which came with KIP-848 in 2.4.
    static var knowsGroupProtocols: Bool { rd_kafka_version() >= 0x0204_0000 }
}
