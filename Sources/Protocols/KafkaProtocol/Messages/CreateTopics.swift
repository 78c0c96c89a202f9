// CreateTopics (API key 19): new topics.
// Source: apache/kafka clients/src/main/resources/common/message/CreateTopics{Request,Response}.json

package import MillraceBase

package struct CreateTopicsRequest: KafkaRequest {
    package typealias Response = CreateTopicsResponse
    package static let apiKey = ApiKey.createTopics
    package static let versions: ClosedRange<Int16> = 2...7
    package static let flexibleFrom: Int16? = 5

    package var topics: [CreatableTopic] = []
    package var timeoutMilliseconds: Int32 = 60000
    package var validateOnly = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&topics, "Topics")
        try wire.int32(&timeoutMilliseconds, "timeoutMs")
        try wire.bool(&validateOnly, "validateOnly")
        try wire.tags()
    }

    package struct CreatableTopic: KafkaFields {
        package var name = ""
        /// -1 takes the default of the broker (version 4), or what `assignments` say.
        package var numPartitions: Int32 = 0
        /// -1 takes the default of the broker (version 4), or what `assignments` say.
        package var replicationFactor: Int16 = 0
        package var assignments: [CreatableReplicaAssignment] = []
        package var configs: [CreatableTopicConfig] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.int32(&numPartitions, "NumPartitions")
            try wire.int16(&replicationFactor, "ReplicationFactor")
            try wire.array(&assignments, "Assignments")
            try wire.array(&configs, "Configs")
            try wire.tags()
        }

        package struct CreatableReplicaAssignment: KafkaFields {
            package var partitionIndex: Int32 = 0
            package var brokerIDs: [Int32] = []

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partitionIndex, "PartitionIndex")
                try wire.array(&brokerIDs, "BrokerIds")
                try wire.tags()
            }
        }

        package struct CreatableTopicConfig: KafkaFields {
            package var name = ""
            package var value: String?

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&name, "Name")
                try wire.string(&value, "Value")
                try wire.tags()
            }
        }
    }
}

package struct CreateTopicsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 2...7
    package static let flexibleFrom: Int16? = 5

    package var throttleTimeMilliseconds: Int32 = 0
    package var topics: [CreatableTopicResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&topics, "Topics")
        try wire.tags()
    }

    package struct CreatableTopicResult: KafkaTagged {
        package var name = ""
        package var topicID = KafkaUUID.zero
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?
        package var topicConfigErrorCode = KafkaErrorCode.none
        package var numPartitions: Int32 = -1
        package var replicationFactor: Int16 = -1
        /// All settings of the new topic (version 5); `nil` when they may not be told.
        package var configs: [CreatableTopicConfigs]? = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            if wire.version >= 7 { try wire.uuid(&topicID, "TopicId") }
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            if wire.version >= 5 {
                try wire.int32(&numPartitions, "NumPartitions")
                try wire.int16(&replicationFactor, "ReplicationFactor")
                try wire.array(&configs, "Configs")
            }
            try wire.tags(&self)
        }

        package static let tags = [
            KafkaTag(0, since: 5)
        ]

        package func holds(tag: UInt32) -> Bool { topicConfigErrorCode != .none }

        package mutating func tagged(
            _ tag: UInt32, _ wire: inout some KafkaCoder
        ) throws(WireError) {
            try wire.errorCode(&topicConfigErrorCode, "TopicConfigErrorCode")
        }

        package struct CreatableTopicConfigs: KafkaFields {
            package var name = ""
            package var value: String?
            package var readOnly = false
            package var configSource: Int8 = -1
            package var isSensitive = false

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&name, "Name")
                try wire.string(&value, "Value")
                try wire.bool(&readOnly, "ReadOnly")
                try wire.int8(&configSource, "ConfigSource")
                try wire.bool(&isSensitive, "IsSensitive")
                try wire.tags()
            }
        }
    }
}
