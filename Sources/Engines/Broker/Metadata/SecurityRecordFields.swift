// The fields of the metadata records of users, rules, quotas and the broker itself.
// Source: apache/kafka metadata/src/main/resources/common/metadata/*.json

package import KafkaProtocol
package import MillraceBase

package struct UserScramCredentialRecord: MetadataMessage {
    package static let number: UInt32 = 11
    package static let writtenVersion: Int16 = 0

    package var name = ""
    /// 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
    package var mechanism: Int8 = 0
    package var salt: [UInt8] = []
    package var storedKey: [UInt8] = []
    package var serverKey: [UInt8] = []
    package var iterations: Int32 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&name, "Name")
        try wire.int8(&mechanism, "Mechanism")
        try wire.bytes(&salt, "Salt")
        try wire.bytes(&storedKey, "StoredKey")
        try wire.bytes(&serverKey, "ServerKey")
        try wire.int32(&iterations, "Iterations")
        try wire.tags()
    }
}

package struct RemoveUserScramCredentialRecord: MetadataMessage {
    package static let number: UInt32 = 22
    package static let writtenVersion: Int16 = 0

    package var name = ""
    package var mechanism: Int8 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&name, "Name")
        try wire.int8(&mechanism, "Mechanism")
        try wire.tags()
    }
}

package struct AccessControlEntryRecord: MetadataMessage {
    package static let number: UInt32 = 18
    package static let writtenVersion: Int16 = 0

    package var id = KafkaUUID.zero
    package var resourceType: Int8 = 0
    package var resourceName = ""
    package var patternType: Int8 = 0
    package var principal = ""
    package var host = ""
    package var operation: Int8 = 0
    package var permissionType: Int8 = 0

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.uuid(&id, "Id")
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

package struct RemoveAccessControlEntryRecord: MetadataMessage {
    package static let number: UInt32 = 19
    package static let writtenVersion: Int16 = 0

    package var id = KafkaUUID.zero

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.uuid(&id, "Id")
        try wire.tags()
    }
}

package struct ClientQuotaRecord: MetadataMessage {
    package static let number: UInt32 = 14
    package static let writtenVersion: Int16 = 0

    package var entity: [EntityData] = []
    package var key = ""
    package var value = 0.0
    package var remove = false

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.array(&entity, "Entity")
        try wire.string(&key, "Key")
        var bits = Int64(bitPattern: value.bitPattern)
        try wire.int64(&bits, "Value")
        value = Double(bitPattern: UInt64(bitPattern: bits))
        try wire.bool(&remove, "Remove")
        try wire.tags()
    }

    package struct EntityData: KafkaFields {
        package var entityType = ""
        package var entityName: String?

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&entityType, "EntityType")
            try wire.string(&entityName, "EntityName")
            try wire.tags()
        }
    }
}

package struct RegisterBrokerRecord: MetadataMessage, KafkaTagged {
    package static let number: UInt32 = 0
    package static let writtenVersion: Int16 = 3

    package var brokerID: Int32 = 0
    package var isMigratingZkBroker = false
    package var incarnationID = KafkaUUID.zero
    package var brokerEpoch: Int64 = 0
    package var endPoints: [BrokerEndpoint] = []
    package var features: [BrokerFeature] = []
    package var rack: String?
    package var fenced = true
    package var inControlledShutdown = false
    package var logDirs: [UUIDElement] = []

    package init() {}

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&brokerID, "BrokerId")
        if wire.version >= 2 { try wire.bool(&isMigratingZkBroker, "IsMigratingZkBroker") }
        try wire.uuid(&incarnationID, "IncarnationId")
        try wire.int64(&brokerEpoch, "BrokerEpoch")
        try wire.array(&endPoints, "EndPoints")
        try wire.array(&features, "Features")
        try wire.string(&rack, "Rack")
        try wire.bool(&fenced, "Fenced")
        if wire.version >= 1 { try wire.bool(&inControlledShutdown, "InControlledShutdown") }
        try wire.tags(&self)
    }

    package static let tags = [KafkaTag(0, since: 3)]

    package func holds(tag: UInt32) -> Bool { !logDirs.isEmpty }

    package mutating func tagged(
        _ tag: UInt32, _ wire: inout some KafkaCoder
    ) throws(WireError) {
        try wire.array(&logDirs, "LogDirs")
    }

    package struct BrokerEndpoint: KafkaFields {
        package var name = ""
        package var host = ""
        package var port: UInt16 = 0
        /// 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL.
        package var securityProtocol: Int16 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.string(&host, "Host")
            var bits = Int16(bitPattern: port)
            try wire.int16(&bits, "Port")
            port = UInt16(bitPattern: bits)
            try wire.int16(&securityProtocol, "SecurityProtocol")
            try wire.tags()
        }
    }

    package struct BrokerFeature: KafkaFields {
        package var name = ""
        package var minSupportedVersion: Int16 = 0
        package var maxSupportedVersion: Int16 = 0

        package init() {}

        package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.string(&name, "Name")
            try wire.int16(&minSupportedVersion, "MinSupportedVersion")
            try wire.int16(&maxSupportedVersion, "MaxSupportedVersion")
            try wire.tags()
        }
    }
}
