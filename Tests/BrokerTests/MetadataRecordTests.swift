// The records of the metadata log: their bytes, their replay, their snapshot.

import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Metadata records")
struct MetadataRecordTests {
    static let node = MetadataNode(id: 1, directoryID: KafkaUUID(high: 1, low: 2))
    static let id = KafkaUUID(high: 0x0102_0304_0506_0708, low: 0x090a_0b0c_0d0e_0f10)

    static let entry = AccessControlEntry(
        resource: .topic("t"), pattern: .prefixed, principal: "User:a", host: "*",
        operation: .read, permission: .allow)

    /// One of every kind, in an order that can be replayed.
    static let every: [MetadataRecord] =
        [
            .registerBroker(
                RegisterBrokerRecord {
                    $0.brokerID = 1
                    $0.incarnationID = id
                    $0.brokerEpoch = 7
                    $0.endPoints = [
                        RegisterBrokerRecord.BrokerEndpoint {
                            $0.name = "PLAINTEXT"
                            $0.host = "localhost"
                            $0.port = 65_535
                        }
                    ]
                    $0.features = [RegisterBrokerRecord.BrokerFeature { $0.name = "f" }]
                    $0.fenced = false
                    $0.logDirs = [UUIDElement(id)]
                }),
            .feature("group.version", level: 1),
            .config(ConfigResource(.topic, "t"), "retention.ms", "5"),
            .config(ConfigResource(.broker, ""), "log.retention.ms", "6"),
            .scram(
                "u", mechanism: 2,
                ScramCredential(salt: [1], storedKey: [2], serverKey: [3], iterations: 4_096)),
            .removeScram("u", mechanism: 1),
            .quota(
                QuotaEntity([.user: "u", .clientID: nil]), "producer_byte_rate", 0.1),
            .producerIDs(3_000, node: node),
            .accessControlEntry(entry.record(id: id)),
            .removeAccessControlEntry(
                RemoveAccessControlEntryRecord { $0.id = KafkaUUID(high: 9, low: 9) }),
            .noOp(NoOpRecord()),
        ] + MetadataRecord.topic("t", id: id, partitions: 0..<3, node: node)

    /// Goal: what is written is what is read.
    @Test(arguments: every)
    func survivesTheRoundTrip(record: MetadataRecord) throws {
        #expect(try MetadataRecord(reading: try record.bytes) == record)
    }

    /// Method: cut a good record at every length. None may crash or pass.
    @Test(arguments: every)
    func refusesEveryCut(record: MetadataRecord) throws {
        let whole = try record.bytes
        for length in 0..<whole.readableBytes {
            let cut = whole.getSlice(at: 0, length: length) ?? ByteBuffer()
            #expect(throws: (any Error).self) { try MetadataRecord(reading: cut) }
        }
    }

    /// Goal: the bytes are KRaft's. By hand: frame 1, type, version, fields, no tags.
    @Test func matchesTheSpecifiedBytes() throws {
        let topic = MetadataRecord.topic("ab", id: Self.id, partitions: 0..<0, node: Self.node)[0]
        #expect(
            Array(try topic.bytes.readableBytesView)
                == [1, 2, 0, 3, 0x61, 0x62] + (1...16).map { UInt8($0) } + [0])
        let config = MetadataRecord.config(ConfigResource(.topic, "t"), "k", nil)
        #expect(
            Array(try config.bytes.readableBytesView)
                == [1, 4, 0, 2, 2, 0x74, 2, 0x6b, 0, 0])
        let quota = MetadataRecord.quota(QuotaEntity([.user: nil]), "k", 1.5)
        #expect(
            Array(try quota.bytes.readableBytesView)
                == [1, 14, 0, 2, 5, 0x75, 0x73, 0x65, 0x72, 0, 0, 2, 0x6b]
                + [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    // MARK: Replay

    static func image(_ records: [MetadataRecord]) throws -> MetadataImage {
        var image = MetadataImage()
        for record in records { try image.apply(record) }
        return image
    }

    @Test func everyRecordIsSeen() throws {
        let image = try Self.image(Self.every)
        #expect(image.topics["t"]?.partitions == 3)
        #expect(image.topic(Self.id)?.name == "t")
        #expect(image.config(ConfigResource(.topic, "t")) == ["retention.ms": "5"])
        #expect(image.features == ["group.version": 1])
        #expect(image.scramCredentials["u"]?[2]?.iterations == 4_096)
        #expect(Array(image.acls.values) == [Self.entry])
        #expect(image.quotas.values.first == ["producer_byte_rate": 0.1])
        #expect(image.nextProducerID == 3_000)
        #expect(image.brokerEpoch == 7)
    }

    @Test func removalsLeaveNothing() throws {
        var image = try Self.image(Self.every)
        try image.apply(.removeTopic(RemoveTopicRecord { $0.topicID = Self.id }))
        #expect(image.topics.isEmpty && image.topic(Self.id) == nil)
        #expect(image.config(ConfigResource(.topic, "t")).isEmpty)
        try image.apply(.config(ConfigResource(.broker, ""), "log.retention.ms", nil))
        #expect(image.configs.isEmpty)
        try image.apply(.feature("group.version", level: 0))
        #expect(image.features.isEmpty)
        try image.apply(.removeScram("u", mechanism: 2))
        #expect(image.scramCredentials.isEmpty)
        let entity = QuotaEntity([.user: "u", .clientID: nil])
        try image.apply(.quota(entity, "producer_byte_rate", nil))
        #expect(image.quotas.isEmpty)
        try image.apply(
            .removeAccessControlEntry(RemoveAccessControlEntryRecord { $0.id = Self.id }))
        #expect(image.acls.isEmpty)
    }

    @Test func refusesWhatContradicts() throws {
        var image = MetadataImage()
        #expect(throws: MetadataFault.self) {
            try image.apply(.removeTopic(RemoveTopicRecord { $0.topicID = Self.id }))
        }
        let gap = MetadataRecord.topic("t", id: Self.id, partitions: 2..<3, node: Self.node)
        #expect(throws: MetadataFault.self) { try image.apply(gap[0]) }
    }

    // MARK: Snapshots

    /// Goal: a snapshot stands for all records before it.
    @Test func aSnapshotIsTheImage() throws {
        var image = try Self.image(Self.every)
        image.endOffset = 44
        let bytes = try MetadataSnapshot.bytes(of: image, node: Self.node, epoch: 3, now: 1_000)
        let name = MetadataSnapshot.Name(endOffset: 44, epoch: 3)
        #expect(name.file == "00000000000000000044-0000000003.checkpoint")
        #expect(MetadataSnapshot.Name(name.file) == name)
        let read = try #require(MetadataSnapshot.image(bytes, name))
        #expect(read.topics == image.topics)
        #expect(read.configs == image.configs)
        #expect(read.features == image.features)
        #expect(read.scramCredentials == image.scramCredentials)
        #expect(read.acls == image.acls)
        #expect(read.quotas == image.quotas)
        #expect(read.nextProducerID == image.nextProducerID)
        #expect(read.endOffset == 44)
    }

    @Test func aCutSnapshotIsNone() throws {
        let bytes = try MetadataSnapshot.bytes(
            of: try Self.image(Self.every), node: Self.node, epoch: 1, now: 1)
        let name = MetadataSnapshot.Name(endOffset: 1, epoch: 1)
        for length in 0..<bytes.readableBytes {
            let cut = bytes.getSlice(at: 0, length: length) ?? ByteBuffer()
            #expect(MetadataSnapshot.image(cut, name) == nil)
        }
    }
}
