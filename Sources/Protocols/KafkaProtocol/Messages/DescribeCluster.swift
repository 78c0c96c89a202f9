// DescribeCluster (API key 60): the cluster id, controller and brokers.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeCluster{Request,Response}.json

package import MillraceBase

package struct DescribeClusterRequest: KafkaRequest {
    package typealias Response = DescribeClusterResponse
    package static let apiKey = ApiKey.describeCluster
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 0

    package var includeClusterAuthorizedOperations = false
    package var endpointType: Int8 = 1
    package var includeFencedBrokers = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.bool(&includeClusterAuthorizedOperations, "IncludeClusterAuthorizedOperations")
        if wire.version >= 1 { try wire.int8(&endpointType, "EndpointType") }
        if wire.version >= 2 { try wire.bool(&includeFencedBrokers, "IncludeFencedBrokers") }
        try wire.tags()
    }
}

package struct DescribeClusterResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var endpointType: Int8 = 1
    package var clusterID = ""
    package var controllerID: Int32 = -1
    package var brokers: [Broker] = []
    package var clusterAuthorizedOperations: Int32 = .min

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.string(&errorMessage, "ErrorMessage")
        if wire.version >= 1 { try wire.int8(&endpointType, "EndpointType") }
        try wire.string(&clusterID, "ClusterId")
        try wire.int32(&controllerID, "ControllerId")
        try wire.array(&brokers, "Brokers")
        try wire.int32(&clusterAuthorizedOperations, "ClusterAuthorizedOperations")
        try wire.tags()
    }

    package struct Broker: KafkaFields {
        package var brokerID: Int32 = 0
        package var host = ""
        package var port: Int32 = 0
        package var rack: String?
        package var isFenced = false

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&brokerID, "BrokerId")
            try wire.string(&host, "Host")
            try wire.int32(&port, "Port")
            try wire.string(&rack, "Rack")
            if wire.version >= 2 { try wire.bool(&isFenced, "IsFenced") }
            try wire.tags()
        }
    }
}
