// SyncGroup (API key 14): the leader hands in assignments, each member gets its own.
// Source: apache/kafka clients/src/main/resources/common/message/SyncGroup{Request,Response}.json

package import MillraceBase

package struct SyncGroupRequest: KafkaRequest {
    package typealias Response = SyncGroupResponse
    package static let apiKey = ApiKey.syncGroup
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 4

    package var groupID = ""
    package var generationID: Int32 = 0
    package var memberID = ""
    package var groupInstanceID: String?
    package var protocolType: String?
    package var protocolName: String?
    /// From the leader only.
    package var assignments: [Assignment] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&groupID, "GroupId")
        try wire.int32(&generationID, "GenerationId")
        try wire.string(&memberID, "MemberId")
        if wire.version >= 3 { try wire.string(&groupInstanceID, "GroupInstanceId") }
        if wire.version >= 5 {
            try wire.string(&protocolType, "ProtocolType")
            try wire.string(&protocolName, "ProtocolName")
        }
        try wire.array(&assignments, "Assignments")
        try wire.tags()
    }

    package struct Assignment: KafkaFields {
        package var memberID = ""
        package var assignment: [UInt8] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&memberID, "MemberId")
            try wire.bytes(&assignment, "Assignment")
            try wire.tags()
        }
    }
}

package struct SyncGroupResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 4

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var protocolType: String?
    package var protocolName: String?
    package var assignment: [UInt8] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 1 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        try wire.errorCode(&errorCode, "ErrorCode")
        if wire.version >= 5 {
            try wire.string(&protocolType, "ProtocolType")
            try wire.string(&protocolName, "ProtocolName")
        }
        try wire.bytes(&assignment, "Assignment")
        try wire.tags()
    }
}
