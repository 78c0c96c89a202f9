// Errors of our own connections, in the same terms as librdkafka's.

import CRdKafka
package import KafkaProtocol

extension KafkaError {
    /// What a broker answered.
    package init(
        _ code: KafkaErrorCode, _ message: String? = nil, topic: String? = nil,
        partition: Int32? = nil
    ) {
        let known = rd_kafka_resp_err_t(rawValue: Int32(code.rawValue))
        self.init(known, message ?? code.name, topic: topic, partition: partition)
        name = code.name
    }

    static func transport(_ because: String) -> KafkaError {
        KafkaError(RD_KAFKA_RESP_ERR__TRANSPORT, because)
    }

    static func configuration(_ because: String) -> KafkaError {
        KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, because)
    }

    static func authentication(_ because: String) -> KafkaError {
        KafkaError(RD_KAFKA_RESP_ERR__AUTHENTICATION, because)
    }

    static func unsupported(_ because: String) -> KafkaError {
        KafkaError(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, because)
    }
}
