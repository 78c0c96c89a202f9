// ApiVersions (API key 18): what a broker speaks, asked before anything else.
// Source: apache/kafka clients/src/main/resources/common/message/ApiVersions{Request,Response}.json

package import MillraceBase

package struct ApiVersionsRequest: KafkaRequest {
    package typealias Response = ApiVersionsResponse
    package static let apiKey = ApiKey.apiVersions
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 3

    package var clientSoftwareName = ""
    package var clientSoftwareVersion = ""
    /// From version 5 on (KIP-1242): whom the client means to have reached; `nil` when it does not say.
    package var clusterID: String?
    /// -1 when the client does not say.
    package var nodeID: Int32 = -1

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        if wire.version >= 3 {
            try wire.string(&clientSoftwareName, "ClientSoftwareName")
            try wire.string(&clientSoftwareVersion, "ClientSoftwareVersion")
        }
        if wire.version >= 5 {
            try wire.string(&clusterID, "ClusterId")
            try wire.int32(&nodeID, "NodeId")
        }
        try wire.tags()
    }
}

package struct ApiVersionsResponse: KafkaMessage, KafkaTagged {
    package static let versions: ClosedRange<Int16> = 0...5
    package static let flexibleFrom: Int16? = 3

    package var errorCode = KafkaErrorCode.none
    package var apiKeys: [Api] = []
    package var throttleTimeMilliseconds: Int32 = 0
    package var supportedFeatures: [SupportedFeatureKey] = []
    /// -1 when unknown; then no finalized features are read.
    package var finalizedFeaturesEpoch: Int64 = -1
    package var finalizedFeatures: [FinalizedFeatureKey] = []
    package var zkMigrationReady = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.errorCode(&errorCode, "ErrorCode")
        try wire.array(&apiKeys, "ApiKeys")
        if wire.version >= 1 { try wire.int32(&throttleTimeMilliseconds, "ThrottleTimeMs") }
        try wire.tags(&self)
    }

    package static let tags = [
        KafkaTag(0, since: 3),
        KafkaTag(1, since: 3),
        KafkaTag(2, since: 3),
        KafkaTag(3, since: 3),
    ]

    package func holds(tag: UInt32) -> Bool {
        switch tag {
        case 0: !supportedFeatures.isEmpty
        case 1: finalizedFeaturesEpoch != -1
        case 2: !finalizedFeatures.isEmpty
        default: zkMigrationReady
        }
    }

    package mutating func tagged(
        _ tag: UInt32, _ wire: inout some KafkaCoder
    ) throws(WireError) {
        switch tag {
        case 0: try wire.array(&supportedFeatures, "SupportedFeatures")
        case 1: try wire.int64(&finalizedFeaturesEpoch, "FinalizedFeaturesEpoch")
        case 2: try wire.array(&finalizedFeatures, "FinalizedFeatures")
        default: try wire.bool(&zkMigrationReady, "ZkMigrationReady")
        }
    }

    package struct Api: KafkaFields {
        package var apiKey: Int16 = 0
        package var minVersion: Int16 = 0
        package var maxVersion: Int16 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int16(&apiKey, "ApiKey")
            try wire.int16(&minVersion, "MinVersion")
            try wire.int16(&maxVersion, "MaxVersion")
            try wire.tags()
        }
    }

    package struct SupportedFeatureKey: KafkaFields {
        package var name = ""
        package var minVersion: Int16 = 0
        package var maxVersion: Int16 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.int16(&minVersion, "MinVersion")
            try wire.int16(&maxVersion, "MaxVersion")
            try wire.tags()
        }
    }

    package struct FinalizedFeatureKey: KafkaFields {
        package var name = ""
        package var maxVersionLevel: Int16 = 0
        package var minVersionLevel: Int16 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.int16(&maxVersionLevel, "MaxVersionLevel")
            try wire.int16(&minVersionLevel, "MinVersionLevel")
            try wire.tags()
        }
    }
}
