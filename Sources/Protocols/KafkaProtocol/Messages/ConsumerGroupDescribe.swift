// ConsumerGroupDescribe (API key 69): what KIP-848 groups and their members do.
// Source: apache/kafka clients/src/main/resources/common/message/ConsumerGroupDescribe{Request,Response}.json

package import MillraceBase

package struct ConsumerGroupDescribeRequest: KafkaRequest {
    package typealias Response = ConsumerGroupDescribeResponse
    package static let apiKey = ApiKey.consumerGroupDescribe
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 0

    package var groupIDs: [String] = []
    package var includeAuthorizedOperations = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&groupIDs, "GroupIds")
        try wire.bool(&includeAuthorizedOperations, "IncludeAuthorizedOperations")
        try wire.tags()
    }
}

package struct ConsumerGroupDescribeResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var groups: [Group] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&groups, "Groups")
        try wire.tags()
    }

    package struct Group: KafkaFields {
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?
        package var groupID = ""
        package var groupState = ""
        package var groupEpoch: Int32 = 0
        package var assignmentEpoch: Int32 = 0
        package var assignorName = ""
        package var members: [Member] = []
        /// A bit for each operation; the least number when not asked for.
        package var authorizedOperations: Int32 = .min

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.string(&groupID, "GroupId")
            try wire.string(&groupState, "GroupState")
            try wire.int32(&groupEpoch, "GroupEpoch")
            try wire.int32(&assignmentEpoch, "AssignmentEpoch")
            try wire.string(&assignorName, "AssignorName")
            try wire.array(&members, "Members")
            try wire.int32(&authorizedOperations, "AuthorizedOperations")
            try wire.tags()
        }

        package struct Member: KafkaFields {
            package var memberID = ""
            package var instanceID: String?
            package var rackID: String?
            package var memberEpoch: Int32 = 0
            package var clientID = ""
            package var clientHost = ""
            package var subscribedTopicNames: [String] = []
            package var subscribedTopicRegex: String?
            package var assignment = Assignment()
            package var targetAssignment = Assignment()
            /// 0 a classic member, 1 one of KIP-848, -1 unknown.
            package var memberType: Int8 = -1

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&memberID, "MemberId")
                try wire.string(&instanceID, "InstanceId")
                try wire.string(&rackID, "RackId")
                try wire.int32(&memberEpoch, "MemberEpoch")
                try wire.string(&clientID, "ClientId")
                try wire.string(&clientHost, "ClientHost")
                try wire.array(&subscribedTopicNames, "SubscribedTopicNames")
                try wire.string(&subscribedTopicRegex, "SubscribedTopicRegex")
                try wire.structure(&assignment, "Assignment")
                try wire.structure(&targetAssignment, "TargetAssignment")
                if wire.version >= 1 { try wire.int8(&memberType, "MemberType") }
                try wire.tags()
            }
        }
    }

    package struct TopicPartitions: KafkaFields {
        package var topicID = KafkaUUID.zero
        package var topicName = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.uuid(&topicID, "TopicId")
            try wire.string(&topicName, "TopicName")
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }
    }

    package struct Assignment: KafkaFields {
        package var topicPartitions: [TopicPartitions] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.array(&topicPartitions, "TopicPartitions")
            try wire.tags()
        }
    }
}
