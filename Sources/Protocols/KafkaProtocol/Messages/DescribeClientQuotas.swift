// DescribeClientQuotas (API key 48): the quotas that match a filter.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeClientQuotas{Request,Response}.json

package import MillraceBase

package struct DescribeClientQuotasRequest: KafkaRequest {
    package typealias Response = DescribeClientQuotasResponse
    package static let apiKey = ApiKey.describeClientQuotas
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 1

    package var components: [Component] = []
    /// Whether entities with further parts are left out.
    package var strict = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&components, "Components")
        try wire.bool(&strict, "Strict")
        try wire.tags()
    }

    package struct Component: KafkaFields {
        package var entityType = ""
        /// 0 exactly `match`, 1 the default entity, 2 any that is named.
        package var matchType: Int8 = 0
        package var match: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&entityType, "EntityType")
            try wire.int8(&matchType, "MatchType")
            try wire.string(&match, "Match")
            try wire.tags()
        }
    }
}

package struct DescribeClientQuotasResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 1

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var entries: [Entry]? = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.string(&errorMessage, "ErrorMessage")
        try wire.array(&entries, "Entries")
        try wire.tags()
    }

    package struct Entry: KafkaFields {
        package var entity: [Entity] = []
        package var values: [Value] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.array(&entity, "Entity")
            try wire.array(&values, "Values")
            try wire.tags()
        }

        package typealias Entity = QuotaEntityFields

        package struct Value: KafkaFields {
            package var key = ""
            package var value = 0.0

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&key, "Key")
                try wire.float64(&value, "Value")
                try wire.tags()
            }
        }
    }
}
