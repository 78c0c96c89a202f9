// The metadata log on a real disk: what a restart, a torn tail and an older directory leave.

import Foundation
import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka metadata log")
struct KafkaAdminMetadataLogTests {
    private static func folder(_ stage: KafkaBrokerStage) -> String {
        stage.directory + "/__cluster_metadata-0"
    }

    private static func log(_ stage: KafkaBrokerStage) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder(stage))
        return folder(stage) + "/" + (try #require(names.filter { $0.hasSuffix(".log") }.max()))
    }

    private static func topics(_ wire: KafkaBrokerWire) async throws -> [String] {
        try await wire.ask(MetadataRequest { $0.topics = nil }, version: 12).topics.compactMap(
            \.name)
    }

    @Test func topicsIDsAndSettingsOutliveABroker() async throws {
        let stage = KafkaBrokerStage()
        let id = try await stage.run { wire, _ async throws in
            try await wire.createTopic("a", partitions: 3, settings: ["retention.ms": "77"]).topicID
        }
        try await stage.run { wire, _ async throws in
            let metadata = try await wire.ask(MetadataRequest { $0.topics = nil }, version: 12)
            #expect(metadata.topics.map(\.name) == ["a"])
            #expect(metadata.topics[0].topicID == id)
            #expect(metadata.topics[0].partitions.count == 3)
            let configs = try await wire.describeConfigs(type: 2, "a")
            #expect(configs["retention.ms"]?.value == "77")
        }
        #expect(FileManager.default.fileExists(atPath: Self.folder(stage)))
        #expect(!FileManager.default.fileExists(atPath: stage.directory + "/topics.json"))
    }

    /// Goal: of changes that were cut off in the middle, all of one counts, or nothing.
    /// Method: the log as it is after one topic, and cut at bytes of the next change.
    @Test func aTornTailIsCut() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in _ = try await wire.createTopic("first") }
        let before = try #require(
            FileManager.default.attributesOfItem(atPath: try Self.log(stage))[.size] as? Int)
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("second", partitions: 2, settings: ["retention.ms": "5"])
        }
        let whole = try Data(contentsOf: URL(filePath: try Self.log(stage)))
        for length in stride(from: before, to: whole.count, by: 37) {
            let copy = try stage.copy()
            try whole.prefix(length).write(to: URL(filePath: try Self.log(copy)))
            try await copy.run { wire, _ async throws in
                let found = try await Self.topics(wire)
                #expect(found == ["first"] || found == ["first", "second"], "at \(length)")
                let made = try await wire.createTopic("third")
                #expect(made.errorCode == .none)
            }
            try await copy.run { wire, _ async throws in
                #expect(try await Self.topics(wire).contains("third"))
            }
        }
    }

    /// Goal: what the disk spoiled in front of good changes stops the broker; it is no torn tail.
    @Test func damageInTheMiddleIsNotCut() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in
            for name in ["a", "b", "c"] { _ = try await wire.createTopic(name) }
        }
        let path = try Self.log(stage)
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes[bytes.count / 2] ^= 0x40
        try bytes.write(to: URL(filePath: path))
        await #expect(throws: BrokerError.self) { _ = try await stage.start() }
    }

    /// Goal: the log stays small, and a start reads the snapshot.
    @Test func aSnapshotTakesThePlaceOfTheLog() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("kept", partitions: 2)
            // Each change is of more than 200 KB, so that a few are more than the log may have.
            for round in 0..<8 {
                let name = "large-\(round)"
                #expect(try await wire.createTopic(name, partitions: 3_000).errorCode == .none)
                let gone = try await wire.ask(
                    DeleteTopicsRequest { $0.topicNames = [name] }, version: 5)
                #expect(gone.responses[0].errorCode == .none)
            }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder(stage))
        #expect(names.contains { $0.hasSuffix(".checkpoint") })
        let size = try names.reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(
                atPath: Self.folder(stage) + "/" + name)
            return sum + (attributes[.size] as? Int ?? 0)
        }
        #expect(size < 3 << 20)
        try await stage.run { wire, _ async throws in
            #expect(try await Self.topics(wire) == ["kept"])
        }
    }

    /// Goal: directories of before the metadata log are taken over once.
    @Test func olderFilesAreTakenOver() async throws {
        let stage = KafkaBrokerStage()
        let manager = FileManager.default
        try manager.createDirectory(atPath: stage.directory, withIntermediateDirectories: true)
        let text = """
            {"version": 1, "topics": [{"name": "old", "id": "AAAAAAAAAAEAAAAAAAAAAg",
              "partitions": 2, "settings": {"retention.ms": "9"}}]}
            """
        try text.write(
            toFile: stage.directory + "/topics.json", atomically: true, encoding: .utf8)
        try "4000\n".write(
            toFile: stage.directory + "/producer-ids", atomically: true, encoding: .utf8)
        try await stage.run { wire, _ async throws in
            let metadata = try await wire.ask(MetadataRequest { $0.topics = nil }, version: 12)
            #expect(metadata.topics.map(\.name) == ["old"])
            #expect(metadata.topics[0].topicID.description == "AAAAAAAAAAEAAAAAAAAAAg")
            #expect(metadata.topics[0].partitions.count == 2)
            let configs = try await wire.describeConfigs(type: 2, "old")
            #expect(configs["retention.ms"]?.value == "9")
            let id = try await wire.ask(
                InitProducerIDRequest { $0.transactionalID = nil }, version: 4)
            #expect(id.producerID == 4_000)
        }
        #expect(!manager.fileExists(atPath: stage.directory + "/topics.json"))
        #expect(!manager.fileExists(atPath: stage.directory + "/producer-ids"))
    }

    /// Goal: the log is no topic.
    @Test func clientsDoNotSeeIt() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            let name = "__cluster_metadata"
            #expect(try await Self.topics(wire).isEmpty)
            #expect(try await wire.createTopic(name).errorCode == .invalidRequest)
            let asked = MetadataRequest {
                $0.topics = [MetadataRequest.Topic { $0.name = name }]
                $0.allowAutoTopicCreation = true
            }
            let found = try await wire.ask(asked, version: 12).topics[0]
            #expect(found.errorCode != .none && found.partitions.isEmpty)
            let fetched = try await wire.fetch(name, from: 0)
            #expect(fetched.errorCode == .unknownTopicOrPartition)
        }
    }

    /// Goal: producer ids are given once, across restarts too.
    @Test func producerIDsAreGivenOnce() async throws {
        let stage = KafkaBrokerStage()
        var seen: Set<Int64> = []
        for _ in 0..<3 {
            let new = try await stage.run { wire, _ async throws in
                var ids: [Int64] = []
                for _ in 0..<5 {
                    ids.append(
                        try await wire.ask(
                            InitProducerIDRequest { $0.transactionalID = nil }, version: 4
                        ).producerID)
                }
                return ids
            }
            for id in new { #expect(seen.insert(id).inserted) }
        }
    }
}
