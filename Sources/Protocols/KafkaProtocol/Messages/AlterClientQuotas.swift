// AlterClientQuotas (API key 49): sets and removes quotas.
// Source: apache/kafka clients/src/main/resources/common/message/AlterClientQuotas{Request,Response}.json

package import MillraceBase

package struct AlterClientQuotasRequest: KafkaRequest {
    package typealias Response = AlterClientQuotasResponse
    package static let apiKey = ApiKey.alterClientQuotas
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 1

    package var entries: [Entry] = []
    package var validateOnly = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&entries, "Entries")
        try wire.bool(&validateOnly, "ValidateOnly")
        try wire.tags()
    }

    package struct Entry: KafkaFields {
        package var entity: [Entity] = []
        package var operations: [Operation] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.array(&entity, "Entity")
            try wire.array(&operations, "Ops")
            try wire.tags()
        }

        package typealias Entity = QuotaEntityFields

        package struct Operation: KafkaFields {
            package var key = ""
            package var value = 0.0
            package var remove = false

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&key, "Key")
                try wire.float64(&value, "Value")
                try wire.bool(&remove, "Remove")
                try wire.tags()
            }
        }
    }
}

package struct AlterClientQuotasResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexibleFrom: Int16? = 1

    package var throttleTimeMilliseconds: Int32 = 0
    package var entries: [Entry] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&entries, "Entries")
        try wire.tags()
    }

    package struct Entry: KafkaFields {
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?
        package var entity: [Entity] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.array(&entity, "Entity")
            try wire.tags()
        }

        package typealias Entity = QuotaEntityFields
    }
}
