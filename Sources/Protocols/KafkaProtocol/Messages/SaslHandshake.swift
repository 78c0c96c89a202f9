// SaslHandshake (API key 17): a client names the SASL mechanism it will use.
// Source: apache/kafka clients/src/main/resources/common/message/SaslHandshake{Request,Response}.json

package import MillraceBase

package struct SaslHandshakeRequest: KafkaRequest {
    package typealias Response = SaslHandshakeResponse
    package static let apiKey = ApiKey.saslHandshake
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = nil

    package var mechanism = ""

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&mechanism, "Mechanism")
    }
}

package struct SaslHandshakeResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = nil

    package var errorCode = KafkaErrorCode.none
    /// Those the broker has, also in the answer to one it has not.
    package var mechanisms: [String] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.array(&mechanisms, "Mechanisms")
    }
}
