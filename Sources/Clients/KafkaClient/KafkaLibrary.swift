// Which librdkafka is linked.

import CRdKafka

package enum KafkaLibrary {
    /// As librdkafka names itself: `2.0.2`.
    package static var version: String { String(cString: rd_kafka_version_str()) }
}
