// DescribeAcls (API key 29): the access rules that match a filter.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeAcls{Request,Response}.json

package import MillraceBase

package struct DescribeAclsRequest: KafkaRequest {
    package typealias Response = DescribeAclsResponse
    package static let apiKey = ApiKey.describeAcls
    package static let versions: ClosedRange<Int16> = 1...3
    package static let flexibleFrom: Int16? = 2

    /// 1 any, 2 topic, 3 group, 4 cluster, 5 transactional id, 6 token, 7 user.
    package var resourceTypeFilter: Int8 = 0
    package var resourceNameFilter: String?
    /// 1 any, 2 match, 3 literal, 4 prefixed.
    package var patternTypeFilter: Int8 = 3
    package var principalFilter: String?
    package var hostFilter: String?
    /// 1 any, 2 all, 3 read, 4 write, 5 create, 6 delete, 7 alter, 8 describe, ... (AclOperation).
    package var operation: Int8 = 0
    /// 1 any, 2 deny, 3 allow.
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

package struct DescribeAclsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 1...3
    package static let flexibleFrom: Int16? = 2

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var resources: [Resource] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.string(&errorMessage, "ErrorMessage")
        try wire.array(&resources, "Resources")
        try wire.tags()
    }

    package struct Resource: KafkaFields {
        package var resourceType: Int8 = 0
        package var resourceName = ""
        package var patternType: Int8 = 3
        package var acls: [Acl] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int8(&resourceType, "ResourceType")
            try wire.string(&resourceName, "ResourceName")
            try wire.int8(&patternType, "PatternType")
            try wire.array(&acls, "Acls")
            try wire.tags()
        }

        package struct Acl: KafkaFields {
            package var principal = ""
            package var host = ""
            package var operation: Int8 = 0
            package var permissionType: Int8 = 0

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.string(&principal, "Principal")
                try wire.string(&host, "Host")
                try wire.int8(&operation, "Operation")
                try wire.int8(&permissionType, "PermissionType")
                try wire.tags()
            }
        }
    }
}
