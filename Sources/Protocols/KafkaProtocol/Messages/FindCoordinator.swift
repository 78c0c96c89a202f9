// FindCoordinator (API key 10): which broker coordinates a group or transaction.
// Source: apache/kafka clients/src/main/resources/common/message/FindCoordinator{Request,Response}.json

package import MillraceBase

package struct FindCoordinatorRequest: KafkaRequest {
    package typealias Response = FindCoordinatorResponse
    package static let apiKey = ApiKey.findCoordinator
    package static let versions: ClosedRange<Int16> = 0...6
    package static let flexibleFrom: Int16? = 3

    package var key = ""
    /// 0 a group, 1 a transactional id, 2 a share group.
    package var keyType: Int8 = 0
    /// From version 4 on, instead of the one key.
    package var coordinatorKeys: [String] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version <= 3 { try wire.string(&key, "Key") }
        if wire.version >= 1 { try wire.int8(&keyType, "KeyType") }
        if wire.version >= 4 { try wire.array(&coordinatorKeys, "CoordinatorKeys") }
        try wire.tags()
    }
}

package struct FindCoordinatorResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...6
    package static let flexibleFrom: Int16? = 3

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var nodeID: Int32 = 0
    package var host = ""
    package var port: Int32 = 0
    package var coordinators: [Coordinator] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 1 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        if wire.version <= 3 { try wire.errorCode(&errorCode, "ErrorCode") }
        if (1...3).contains(wire.version) { try wire.string(&errorMessage, "ErrorMessage") }
        if wire.version <= 3 {
            try wire.int32(&nodeID, "NodeId")
            try wire.string(&host, "Host")
            try wire.int32(&port, "Port")
        }
        if wire.version >= 4 { try wire.array(&coordinators, "Coordinators") }
        try wire.tags()
    }

    package struct Coordinator: KafkaFields {
        package var key = ""
        package var nodeID: Int32 = 0
        package var host = ""
        package var port: Int32 = 0
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&key, "Key")
            try wire.int32(&nodeID, "NodeId")
            try wire.string(&host, "Host")
            try wire.int32(&port, "Port")
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.tags()
        }
    }
}
