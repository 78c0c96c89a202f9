// IncrementalAlterConfigs (API key 44): single settings to set, delete, append to or subtract from.
// Source: apache/kafka clients/src/main/resources/common/message/IncrementalAlterConfigs{Request,Response}.json

package import MillraceBase

package struct IncrementalAlterConfigsRequest: KafkaRequest {
    package typealias Response = IncrementalAlterConfigsResponse
    package static let apiKey = ApiKey.incrementalAlterConfigs
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 1

    package var resources: [AlterConfigsResource] = []
    package var validateOnly = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&resources, "Resources")
        try wire.bool(&validateOnly, "ValidateOnly")
        try wire.tags()
    }

    package struct AlterConfigsResource: KafkaFields {
        package var resourceType: Int8 = 0
        package var resourceName = ""
        package var configs: [AlterableConfig] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int8(&resourceType, "ResourceType")
            try wire.string(&resourceName, "ResourceName")
            try wire.array(&configs, "Configs")
            try wire.tags()
        }

        package struct AlterableConfig: KafkaFields {
            package var name = ""
            /// 0 sets, 1 deletes, 2 appends to a list, 3 subtracts from it.
            package var configOperation: Int8 = 0
            package var value: String?

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&name, "Name")
                try wire.int8(&configOperation, "ConfigOperation")
                try wire.string(&value, "Value")
                try wire.tags()
            }
        }
    }
}

package struct IncrementalAlterConfigsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 1

    package var throttleTimeMilliseconds: Int32 = 0
    package var responses: [ResourceResponse] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&responses, "Responses")
        try wire.tags()
    }

    package typealias ResourceResponse = AlteredResource
}
