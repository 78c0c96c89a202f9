// ListGroups (API key 16): the groups there are.
// Source: apache/kafka clients/src/main/resources/common/message/ListGroups{Request,Response}.json

package import MillraceBase

package struct ListGroupsRequest: KafkaRequest {
    package typealias Response = ListGroupsResponse
    package static let apiKey = ApiKey.listGroups
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 3

    package var statesFilter: [String] = []
    package var typesFilter: [String] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 4 { try wire.array(&statesFilter, "StatesFilter") }
        if wire.version >= 5 { try wire.array(&typesFilter, "TypesFilter") }
        try wire.tags()
    }
}

package struct ListGroupsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 3

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var groups: [ListedGroup] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 1 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.array(&groups, "Groups")
        try wire.tags()
    }

    package struct ListedGroup: KafkaFields {
        package var groupID = ""
        package var protocolType = ""
        package var groupState = ""
        package var groupType = ""

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&groupID, "GroupId")
            try wire.string(&protocolType, "ProtocolType")
            if wire.version >= 4 { try wire.string(&groupState, "GroupState") }
            if wire.version >= 5 { try wire.string(&groupType, "GroupType") }
            try wire.tags()
        }
    }
}
