// ListConfigResources (API key 74): the resources that have settings; in version 0 those of client metrics only.
// Source: apache/kafka clients/src/main/resources/common/message/ListConfigResources{Request,Response}.json

package import MillraceBase

package struct ListConfigResourcesRequest: KafkaRequest {
    package typealias Response = ListConfigResourcesResponse
    package static let apiKey = ApiKey.listConfigResources
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 0

    /// Empty for all that the broker knows; see `DescribeConfigsRequest`.
    package var resourceTypes: [Int8] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 1 { try wire.array(&resourceTypes, "ResourceTypes") }
        try wire.tags()
    }
}

package struct ListConfigResourcesResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var configResources: [ConfigResource] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.array(&configResources, "ConfigResources")
        try wire.tags()
    }

    package struct ConfigResource: KafkaFields {
        package var resourceName = ""
        /// 16, client metrics, in version 0.
        package var resourceType: Int8 = 16

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&resourceName, "ResourceName")
            if wire.version >= 1 { try wire.int8(&resourceType, "ResourceType") }
            try wire.tags()
        }
    }
}
