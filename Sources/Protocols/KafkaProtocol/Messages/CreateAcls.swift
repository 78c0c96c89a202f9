// CreateAcls (API key 30): adds access rules.
// Source: apache/kafka clients/src/main/resources/common/message/CreateAcls{Request,Response}.json

package import MillraceBase

package struct CreateAclsRequest: KafkaRequest {
    package typealias Response = CreateAclsResponse
    package static let apiKey = ApiKey.createAcls
    package static let versions: ClosedRange<Int16> = 1...3
    package static let flexibleFrom: Int16? = 2

    package var creations: [Creation] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&creations, "Creations")
        try wire.tags()
    }

    package struct Creation: KafkaFields {
        package var resourceType: Int8 = 0
        package var resourceName = ""
        package var resourcePatternType: Int8 = 3
        package var principal = ""
        package var host = ""
        package var operation: Int8 = 0
        package var permissionType: Int8 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int8(&resourceType, "ResourceType")
            try wire.string(&resourceName, "ResourceName")
            try wire.int8(&resourcePatternType, "ResourcePatternType")
            try wire.string(&principal, "Principal")
            try wire.string(&host, "Host")
            try wire.int8(&operation, "Operation")
            try wire.int8(&permissionType, "PermissionType")
            try wire.tags()
        }
    }
}

package struct CreateAclsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 1...3
    package static let flexibleFrom: Int16? = 2

    package var throttleTimeMilliseconds: Int32 = 0
    package var results: [Result] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&results, "Results")
        try wire.tags()
    }

    package struct Result: KafkaFields {
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.tags()
        }
    }
}
