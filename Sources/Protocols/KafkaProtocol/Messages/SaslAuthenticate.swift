// SaslAuthenticate (API key 36): one step of a SASL exchange, in a frame.
// Source: apache/kafka clients/src/main/resources/common/message/SaslAuthenticate{Request,Response}.json

package import MillraceBase

package struct SaslAuthenticateRequest: KafkaRequest {
    package typealias Response = SaslAuthenticateResponse
    package static let apiKey = ApiKey.saslAuthenticate
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 2

    /// What the mechanism says; never logged.
    package var authBytes: [UInt8] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.bytes(&authBytes, "AuthBytes")
        try wire.tags()
    }
}

package struct SaslAuthenticateResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 2

    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var authBytes: [UInt8] = []
    /// After so long the client must authenticate again; 0 for never.
    package var sessionLifetimeMilliseconds: Int64 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.string(&errorMessage, "ErrorMessage")
        try wire.bytes(&authBytes, "AuthBytes")
        if wire.version >= 1 { try wire.int64(&sessionLifetimeMilliseconds, "SessionLifetimeMs") }
        try wire.tags()
    }
}
