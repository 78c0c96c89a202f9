// AlterReplicaLogDirs (API key 34): which directory of this broker a partition's files are to be in.
// Source: apache/kafka clients/src/main/resources/common/message/AlterReplicaLogDirs{Request,Response}.json

package import MillraceBase

package struct AlterReplicaLogDirsRequest: KafkaRequest {
    package typealias Response = AlterReplicaLogDirsResponse
    package static let apiKey = ApiKey.alterReplicaLogDirs
    package static let versions: ClosedRange<Int16> = 1...2
    package static let flexibleFrom: Int16? = 2

    package var dirs: [Directory] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&dirs, "Dirs")
        try wire.tags()
    }

    package struct Directory: KafkaFields {
        package var path = ""
        package var topics: [Topic] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&path, "Path")
            try wire.array(&topics, "Topics")
            try wire.tags()
        }

        package struct Topic: KafkaFields {
            package var name = ""
            package var partitions: [Int32] = []

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&name, "Name")
                try wire.array(&partitions, "Partitions")
                try wire.tags()
            }
        }
    }
}

package struct AlterReplicaLogDirsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 1...2
    package static let flexibleFrom: Int16? = 2

    package var throttleTimeMilliseconds: Int32 = 0
    package var results: [Topic] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&results, "Results")
        try wire.tags()
    }

    package struct Topic: KafkaFields {
        package var topicName = ""
        package var partitions: [Partition] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&topicName, "TopicName")
            try wire.array(&partitions, "Partitions")
            try wire.tags()
        }

        package struct Partition: KafkaFields {
            package var partitionIndex: Int32 = 0
            package var errorCode = KafkaErrorCode.none

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int32(&partitionIndex, "PartitionIndex")
                try wire.errorCode(&errorCode, "ErrorCode")
                try wire.tags()
            }
        }
    }
}
