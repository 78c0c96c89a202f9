// DescribeGroups (API key 15): state and members of groups.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeGroups{Request,Response}.json

package import MillraceBase

package struct DescribeGroupsRequest: KafkaRequest {
    package typealias Response = DescribeGroupsResponse
    package static let apiKey = ApiKey.describeGroups
    package static let versions: ClosedRange<Int16> = 0...6
    package static let flexibleFrom: Int16? = 5

    package var groups: [String] = []
    package var includeAuthorizedOperations = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&groups, "Groups")
        if wire.version >= 3 {
            try wire.bool(&includeAuthorizedOperations, "IncludeAuthorizedOperations")
        }
        try wire.tags()
    }
}

package struct DescribeGroupsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...6
    package static let flexibleFrom: Int16? = 5

    package var throttleTimeMilliseconds: Int32 = 0
    package var groups: [DescribedGroup] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 1 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        try wire.array(&groups, "Groups")
        try wire.tags()
    }

    package struct DescribedGroup: KafkaFields {
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?
        package var groupID = ""
        /// Kafka's words: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead.
        package var groupState = ""
        package var protocolType = ""
        package var protocolData = ""
        package var members: [DescribedGroupMember] = []
        /// A bit for each operation; the smallest number when it was not asked for.
        package var authorizedOperations: Int32 = .min

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.errorCode(&errorCode, "ErrorCode")
            if wire.version >= 6 { try wire.string(&errorMessage, "ErrorMessage") }
            try wire.string(&groupID, "GroupId")
            try wire.string(&groupState, "GroupState")
            try wire.string(&protocolType, "ProtocolType")
            try wire.string(&protocolData, "ProtocolData")
            try wire.array(&members, "Members")
            if wire.version >= 3 { try wire.int32(&authorizedOperations, "AuthorizedOperations") }
            try wire.tags()
        }

        package struct DescribedGroupMember: KafkaFields {
            package var memberID = ""
            package var groupInstanceID: String?
            package var clientID = ""
            package var clientHost = ""
            package var memberMetadata: [UInt8] = []
            package var memberAssignment: [UInt8] = []

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&memberID, "MemberId")
                if wire.version >= 4 { try wire.string(&groupInstanceID, "GroupInstanceId") }
                try wire.string(&clientID, "ClientId")
                try wire.string(&clientHost, "ClientHost")
                try wire.bytes(&memberMetadata, "MemberMetadata")
                try wire.bytes(&memberAssignment, "MemberAssignment")
                try wire.tags()
            }
        }
    }
}
