// DeleteGroups (API key 42): groups to forget.
// Source: apache/kafka clients/src/main/resources/common/message/DeleteGroups{Request,Response}.json

package import MillraceBase

package struct DeleteGroupsRequest: KafkaRequest {
    package typealias Response = DeleteGroupsResponse
    package static let apiKey = ApiKey.deleteGroups
    package static let versions: ClosedRange<Int16> = 0...3
    package static let flexibleFrom: Int16? = 2

    package var groupsNames: [String] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&groupsNames, "GroupsNames")
        try wire.tags()
    }
}

package struct DeleteGroupsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...3
    package static let flexibleFrom: Int16? = 2

    package var throttleTimeMilliseconds: Int32 = 0
    package var results: [DeletableGroupResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&results, "Results")
        try wire.tags()
    }

    package struct DeletableGroupResult: KafkaFields {
        package var groupID = ""
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&groupID, "GroupId")
            try wire.errorCode(&errorCode, "ErrorCode")
            if wire.version >= 3 { try wire.string(&errorMessage, "ErrorMessage") }
            try wire.tags()
        }
    }
}
