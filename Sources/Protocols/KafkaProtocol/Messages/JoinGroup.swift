// JoinGroup (API key 11): a member enters a group or a new generation.
// Source: apache/kafka clients/src/main/resources/common/message/JoinGroup{Request,Response}.json

package import MillraceBase

package struct JoinGroupRequest: KafkaRequest {
    package typealias Response = JoinGroupResponse
    package static let apiKey = ApiKey.joinGroup
    package static let versions: ClosedRange<Int16> = 0...9
    package static let flexibleFrom: Int16? = 6

    package var groupID = ""
    package var sessionTimeoutMilliseconds: Int32 = 0
    /// How long the member may take to join again; -1 in version 0, where the session timeout stands for it.
    package var rebalanceTimeoutMilliseconds: Int32 = -1
    /// Empty at first; then as the coordinator gave it.
    package var memberID = ""
    /// The name that outlives a restart (static membership); `nil` for a dynamic member.
    package var groupInstanceID: String?
    package var protocolType = ""
    package var protocols: [GroupProtocol] = []
    package var reason: String?

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&groupID, "GroupId")
        try wire.int32(&sessionTimeoutMilliseconds, "SessionTimeoutMs")
        if wire.version >= 1 { try wire.int32(&rebalanceTimeoutMilliseconds, "RebalanceTimeoutMs") }
        try wire.string(&memberID, "MemberId")
        if wire.version >= 5 { try wire.string(&groupInstanceID, "GroupInstanceId") }
        try wire.string(&protocolType, "ProtocolType")
        try wire.array(&protocols, "Protocols")
        if wire.version >= 8 { try wire.string(&reason, "Reason") }
        try wire.tags()
    }

    package struct GroupProtocol: KafkaFields {
        package var name = ""
        package var metadata: [UInt8] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.bytes(&metadata, "Metadata")
            try wire.tags()
        }
    }
}

package struct JoinGroupResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...9
    package static let flexibleFrom: Int16? = 6

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var generationID: Int32 = -1
    package var protocolType: String?
    /// `nil` for an error, from version 7 on only: before, it must be empty.
    package var protocolName: String?
    package var leader = ""
    /// Whether the leader, a static member that came back, has nothing to assign.
    package var skipAssignment = false
    package var memberID = ""
    /// Everybody with their metadata, for the leader; empty for others.
    package var members: [Member] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 2 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.int32(&generationID, "GenerationId")
        if wire.version >= 7 { try wire.string(&protocolType, "ProtocolType") }
        try wire.string(&protocolName, "ProtocolName", nullable: wire.version >= 7)
        try wire.string(&leader, "Leader")
        if wire.version >= 9 { try wire.bool(&skipAssignment, "SkipAssignment") }
        try wire.string(&memberID, "MemberId")
        try wire.array(&members, "Members")
        try wire.tags()
    }

    package struct Member: KafkaFields {
        package var memberID = ""
        package var groupInstanceID: String?
        package var metadata: [UInt8] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&memberID, "MemberId")
            if wire.version >= 5 { try wire.string(&groupInstanceID, "GroupInstanceId") }
            try wire.bytes(&metadata, "Metadata")
            try wire.tags()
        }
    }
}
