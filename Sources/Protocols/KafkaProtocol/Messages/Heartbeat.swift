// Heartbeat (API key 12): a group member says that it is alive.
// Source: apache/kafka clients/src/main/resources/common/message/Heartbeat{Request,Response}.json

package import MillraceBase

package struct HeartbeatRequest: KafkaRequest {
    package typealias Response = HeartbeatResponse
    package static let apiKey = ApiKey.heartbeat
    package static let versions: ClosedRange<Int16> = 0...4
    package static let flexibleFrom: Int16? = 4

    package var groupID = ""
    package var generationID: Int32 = 0
    package var memberID = ""
    /// The name that outlives a restart (static membership); `nil` for a dynamic member.
    package var groupInstanceID: String?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&groupID, "GroupId")
        try wire.int32(&generationID, "GenerationId")
        try wire.string(&memberID, "MemberId")
        if wire.version >= 3 { try wire.string(&groupInstanceID, "GroupInstanceId") }
        try wire.tags()
    }
}

package struct HeartbeatResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...4
    package static let flexibleFrom: Int16? = 4

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 1 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.tags()
    }
}
