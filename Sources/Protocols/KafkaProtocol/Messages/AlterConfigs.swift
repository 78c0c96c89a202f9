// AlterConfigs (API key 33): all settings of a resource replaced.
// Source: apache/kafka clients/src/main/resources/common/message/AlterConfigs{Request,Response}.json

package import MillraceBase

package struct AlterConfigsRequest: KafkaRequest {
    package typealias Response = AlterConfigsResponse
    package static let apiKey = ApiKey.alterConfigs
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 2

    package var resources: [Resource] = []
    package var validateOnly = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&resources, "Resources")
        try wire.bool(&validateOnly, "ValidateOnly")
        try wire.tags()
    }

    package struct Resource: KafkaFields {
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

package struct AlterConfigsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 2

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
