// UpdateFeatures (API key 57): moves the finalized levels of features.
// Source: apache/kafka clients/src/main/resources/common/message/UpdateFeatures{Request,Response}.json

package import MillraceBase

package struct UpdateFeaturesRequest: KafkaRequest {
    package typealias Response = UpdateFeaturesResponse
    package static let apiKey = ApiKey.updateFeatures
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 0

    package var timeoutMilliseconds: Int32 = 60000
    package var featureUpdates: [FeatureUpdate] = []
    package var validateOnly = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&timeoutMilliseconds, "timeoutMs")
        try wire.array(&featureUpdates, "FeatureUpdates")
        if wire.version >= 1 { try wire.bool(&validateOnly, "ValidateOnly") }
        try wire.tags()
    }

    package struct FeatureUpdate: KafkaFields {
        package var feature = ""
        /// 0 removes the feature.
        package var maxVersionLevel: Int16 = 0
        package var allowDowngrade = false
        /// 1 only up, 2 down when nothing is lost, 3 down at any price.
        package var upgradeType: Int8 = 1

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&feature, "Feature")
            try wire.int16(&maxVersionLevel, "MaxVersionLevel")
            if wire.version == 0 { try wire.bool(&allowDowngrade, "AllowDowngrade") }
            if wire.version >= 1 { try wire.int8(&upgradeType, "UpgradeType") }
            try wire.tags()
        }
    }
}

package struct UpdateFeaturesResponse: KafkaMessage {
    package static let versions: ClosedRange<Int16> = 0...2
    package static let flexibleFrom: Int16? = 0

    package var throttleTimeMilliseconds: Int32 = 0
    package var errorCode = KafkaErrorCode.none
    package var errorMessage: String?
    /// Up to version 1; later one error stands for all.
    package var results: [Result] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs")
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.string(&errorMessage, "ErrorMessage")
        if wire.version <= 1 { try wire.array(&results, "Results") }
        try wire.tags()
    }

    package struct Result: KafkaFields {
        package var feature = ""
        package var errorCode = KafkaErrorCode.none
        package var errorMessage: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&feature, "Feature")
            try wire.errorCode(&errorCode, "ErrorCode")
            try wire.string(&errorMessage, "ErrorMessage")
            try wire.tags()
        }
    }
}
