// LeaveGroup (API key 13): members go.
// Source: apache/kafka clients/src/main/resources/common/message/LeaveGroup{Request,Response}.json

package import MillraceBase

package struct LeaveGroupRequest: KafkaRequest {
    package typealias Response = LeaveGroupResponse
    package static let apiKey = ApiKey.leaveGroup
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 4

    package var groupID = ""
    /// The one that leaves, below version 3.
    package var memberID = ""
    package var members: [MemberIdentity] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&groupID, "GroupId")
        if wire.version <= 2 { try wire.string(&memberID, "MemberId") }
        if wire.version >= 3 { try wire.array(&members, "Members") }
        try wire.tags()
    }

    package struct MemberIdentity: KafkaFields {
        package var memberID = ""
        package var groupInstanceID: String?
        package var reason: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&memberID, "MemberId")
            try wire.string(&groupInstanceID, "GroupInstanceId")
            if wire.version >= 5 { try wire.string(&reason, "Reason") }
            try wire.tags()
        }
    }
}

package struct LeaveGroupResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 4

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var members: [MemberResponse] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 1 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        try wire.errorCode(&errorCode, "ErrorCode")
        if wire.version >= 3 { try wire.array(&members, "Members") }
        try wire.tags()
    }

    package struct MemberResponse: KafkaFields {
        package var memberID = ""
        package var groupInstanceID: String?
        package var errorCode = KafkaErrorCode.none

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&memberID, "MemberId")
            try wire.string(&groupInstanceID, "GroupInstanceId")
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.tags()
        }
    }
}
