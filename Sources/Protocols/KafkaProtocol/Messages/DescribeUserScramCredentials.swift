// DescribeUserScramCredentials (API key 50): which SCRAM mechanisms users have passwords for.
// Source: apache/kafka clients/src/main/resources/common/message/DescribeUserScramCredentials{Request,Response}.json

package import MillraceBase

package struct DescribeUserScramCredentialsRequest: KafkaRequest {
    package typealias Response = DescribeUserScramCredentialsResponse
    package static let apiKey = ApiKey.describeUserScramCredentials
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    /// `nil` or empty for all.
    package var users: [User]? = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&users, "Users")
        try wire.tags()
    }

    package struct User: KafkaFields {
        package var name = ""

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.tags()
        }
    }
}

package struct DescribeUserScramCredentialsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    package var results: [Result] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.string(&errorMessage, "ErrorMessage")
        try wire.array(&results, "Results")
        try wire.tags()
    }

    package struct Result: KafkaFields {
        package var user = ""
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?
        package var credentialInfos: [CredentialInfo] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&user, "User")
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.array(&credentialInfos, "CredentialInfos")
            try wire.tags()
        }

        package struct CredentialInfo: KafkaFields {
            package var mechanism: Int8 = 0
            package var iterations: Int32 = 0

            package init() {}

            package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
                try wire.int8(&mechanism, "Mechanism")
                try wire.int32(&iterations, "Iterations")
                try wire.tags()
            }
        }
    }
}
