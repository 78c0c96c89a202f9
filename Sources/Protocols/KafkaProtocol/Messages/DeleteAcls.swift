// DeleteAcls (API key 31): removes the access rules that match filters.
// Source: apache/kafka clients/src/main/resources/common/message/DeleteAcls{Request,Response}.json

package import MillraceBase

package struct DeleteAclsRequest: KafkaRequest {
    package typealias Response = DeleteAclsResponse
    package static let apiKey = ApiKey.deleteAcls
    package static let versions: ClosedRange<Int16> = 1...3
    package static let flexibleFrom: Int16? = 2

    package var filters: [Filter] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&filters, "Filters")
        try wire.tags()
    }

    package struct Filter: KafkaFields {
        package var resourceTypeFilter: Int8 = 0
        package var resourceNameFilter: String?
        package var patternTypeFilter: Int8 = 3
        package var principalFilter: String?
        package var hostFilter: String?
        package var operation: Int8 = 0
        package var permissionType: Int8 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int8(&resourceTypeFilter, "ResourceTypeFilter")
            try wire.string(&resourceNameFilter, "ResourceNameFilter")
            try wire.int8(&patternTypeFilter, "PatternTypeFilter")
            try wire.string(&principalFilter, "PrincipalFilter")
            try wire.string(&hostFilter, "HostFilter")
            try wire.int8(&operation, "Operation")
            try wire.int8(&permissionType, "PermissionType")
            try wire.tags()
        }
    }
}

package struct DeleteAclsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 1...3
    package static let flexibleFrom: Int16? = 2

    package var throttleTimeMilliseconds: Int32 = 0
    package var filterResults: [FilterResult] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&filterResults, "FilterResults")
        try wire.tags()
    }

    package struct FilterResult: KafkaFields {
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?
        package var matchingAcls: [MatchingAcl] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.array(&matchingAcls, "MatchingAcls")
            try wire.tags()
        }

        package struct MatchingAcl: KafkaFields {
            package var errorCode = KafkaErrorCode.none
            package var errorMessage: String?
            package var resourceType: Int8 = 0
            package var resourceName = ""
            package var patternType: Int8 = 3
            package var principal = ""
            package var host = ""
            package var operation: Int8 = 0
            package var permissionType: Int8 = 0

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.errorCode(&errorCode, "ErrorCode")
                try wire.string(&errorMessage, "ErrorMessage")
                try wire.int8(&resourceType, "ResourceType")
                try wire.string(&resourceName, "ResourceName")
                try wire.int8(&patternType, "PatternType")
                try wire.string(&principal, "Principal")
                try wire.string(&host, "Host")
                try wire.int8(&operation, "Operation")
                try wire.int8(&permissionType, "PermissionType")
                try wire.tags()
            }
        }
    }
}
