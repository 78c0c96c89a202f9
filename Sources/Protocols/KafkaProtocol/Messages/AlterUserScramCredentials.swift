// AlterUserScramCredentials (API key 51): sets and removes the SCRAM passwords of users.
// Source: apache/kafka clients/src/main/resources/common/message/AlterUserScramCredentials{Request,Response}.json

package import MillraceBase

package struct AlterUserScramCredentialsRequest: KafkaRequest {
    package typealias Response = AlterUserScramCredentialsResponse
    package static let apiKey = ApiKey.alterUserScramCredentials
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var deletions: [Deletion] = []
    package var upsertions: [Upsertion] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&deletions, "Deletions")
        try wire.array(&upsertions, "Upsertions")
        try wire.tags()
    }

    package struct Deletion: KafkaFields {
        package var name = ""
        package var mechanism: Int8 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.int8(&mechanism, "Mechanism")
            try wire.tags()
        }
    }

    package struct Upsertion: KafkaFields {
        package var name = ""
        /// 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
        package var mechanism: Int8 = 0
        package var iterations: Int32 = 0
        package var salt: [UInt8] = []
        package var saltedPassword: [UInt8] = []

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.int8(&mechanism, "Mechanism")
            try wire.int32(&iterations, "Iterations")
            try wire.bytes(&salt, "Salt")
            try wire.bytes(&saltedPassword, "SaltedPassword")
            try wire.tags()
        }
    }
}

package struct AlterUserScramCredentialsResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var results: [Result] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.array(&results, "Results")
        try wire.tags()
    }

    package struct Result: KafkaFields {
        package var user = ""
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&user, "User")
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.tags()
        }
    }
}
