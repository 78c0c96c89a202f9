// DescribeConfigs (API key 32): the settings of topics and brokers.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeConfigs{Request,Response}.json

package import MillraceBase

package struct DescribeConfigsRequest: KafkaRequest {
    package typealias Response = DescribeConfigsResponse
    package static let apiKey = ApiKey.describeConfigs
    package static let versions: ClosedRange<Int16> = 1...4
    package static let flexibleFrom: Int16? = 4

    package var resources: [Resource] = []
    package var includeSynonyms = false
    package var includeDocumentation = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&resources, "Resources")
        try wire.bool(&includeSynonyms, "IncludeSynonyms")
        if wire.version >= 3 { try wire.bool(&includeDocumentation, "IncludeDocumentation") }
        try wire.tags()
    }

    package struct Resource: KafkaFields {
        /// 2 a topic, 4 a broker, 8 a broker's loggers, 16 client metrics, 32 a group.
        package var resourceType: Int8 = 0
        package var resourceName = ""
        package var configurationKeys: [String]? = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int8(&resourceType, "ResourceType")
            try wire.string(&resourceName, "ResourceName")
            try wire.array(&configurationKeys, "ConfigurationKeys")
            try wire.tags()
        }
    }
}

package struct DescribeConfigsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 1...4
    package static let flexibleFrom: Int16? = 4

    package var throttleTimeMilliseconds: Int32 = 0
    package var results: [ResourceResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&results, "Results")
        try wire.tags()
    }

    package struct ResourceResult: KafkaFields {
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?
        package var resourceType: Int8 = 0
        package var resourceName = ""
        package var configs: [ConfigResult] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.int8(&resourceType, "ResourceType")
            try wire.string(&resourceName, "ResourceName")
            try wire.array(&configs, "Configs")
            try wire.tags()
        }

        package struct ConfigResult: KafkaFields {
            package var name = ""
            package var value: String?
            package var readOnly = false
            /// 1 the topic, 2 the broker dynamically, 3 all brokers dynamically, 4 the broker's file, 5 the default.
            package var configSource: Int8 = -1
            package var isSensitive = false
            package var synonyms: [Synonym] = []
            /// 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class, 9 password.
            package var configType: Int8 = 0
            package var documentation: String?

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&name, "Name")
                try wire.string(&value, "Value")
                try wire.bool(&readOnly, "ReadOnly")
                try wire.int8(&configSource, "ConfigSource")
                try wire.bool(&isSensitive, "IsSensitive")
                try wire.array(&synonyms, "Synonyms")
                if wire.version >= 3 {
                    try wire.int8(&configType, "ConfigType")
                    try wire.string(&documentation, "Documentation")
                }
                try wire.tags()
            }

            package struct Synonym: KafkaFields {
                package var name = ""
                package var value: String?
                package var source: Int8 = 0

                package init() {}

                package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                    try wire.string(&name, "Name")
                    try wire.string(&value, "Value")
                    try wire.int8(&source, "Source")
                    try wire.tags()
                }
            }
        }
    }
}
