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

    private static func mark(_ stage: KafkaBrokerStage) -> String {
        folder(stage) + "/acknowledged-end"
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
    /// Method: the log as it is after one topic, and cut at bytes of the next change, which nobody was
    /// told of: the mark of what was acknowledged is the one from before.
    @Test func aTornTailIsCut() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in _ = try await wire.createTopic("first") }
        let before = try #require(
            FileManager.default.attributesOfItem(atPath: try Self.log(stage))[.size] as? Int)
        let mark = try Data(contentsOf: URL(filePath: Self.mark(stage)))
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("second", partitions: 2, settings: ["retention.ms": "5"])
        }
        let whole = try Data(contentsOf: URL(filePath: try Self.log(stage)))
        for length in stride(from: before, to: whole.count, by: 37) {
            let copy = try stage.copy()
            try whole.prefix(length).write(to: URL(filePath: try Self.log(copy)))
            try mark.write(to: URL(filePath: Self.mark(copy)))
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

    /// Goal: one bit the disk spoiled, wherever it is, never costs a partition's files.
    /// Method: two bits of each byte that no checksum covers, lengths and magic too; a sample of the others.
    @Test func noFlippedBitDeletesPartitions() async throws {
        let stage = KafkaBrokerStage()
        try await Self.fill(stage, ["a", "b", "c"])
        let path = try Self.log(stage)
        let whole = try Data(contentsOf: URL(filePath: path))
        var rest = ByteBuffer(bytes: whole)
        var starts: [Int] = []
        while rest.readableBytes > 0 {
            starts.append(rest.readerIndex)
            _ = try #require(try RecordBatch.next(in: &rest))
        }
        var refused = 0
        for position in whole.indices {
            let inBatch = position - (starts.last { $0 <= position } ?? 0)
            // Base offset, length, epoch, magic: no checksum covers them.
            let bits = inBatch < 17 ? [position % 4, 7] : inBatch % 7 == 0 ? [position % 8] : []
            for bit in bits {
                let copy = try stage.copy()
                var bytes = whole
                bytes[position] ^= 1 << UInt8(bit)
                try bytes.write(to: URL(filePath: try Self.log(copy)))
                let (isRefused, names) = await Self.startedNames(copy)
                refused += isRefused ? 1 : 0
                let comment = Comment(rawValue: "byte \(position), bit \(bit): \(names)")
                for name in ["a-0", "b-0", "c-0"] {
                    #expect(names.contains(name), comment)
                }
                // The last batch was acknowledged too: damage there is no torn tail.
                let isEpoch = (12..<16).contains(inBatch)
                #expect(isRefused || isEpoch, comment)
            }
        }
        #expect(refused > 0)
    }

    /// Goal: a partition that was set aside keeps its records, and its name is free for a new one.
    @Test func aPartitionThatLostItsTopicIsSetAside() async throws {
        let stage = KafkaBrokerStage()
        try await Self.fill(stage, ["a"])
        let before = try Data(contentsOf: URL(filePath: try Self.log(stage)))
        let id = try await stage.run { wire, _ async throws in
            let made = try await wire.createTopic("b")
            _ = try await wire.produce(KafkaBrokerRequests.batch(["kept"]), to: "b")
            return made.topicID
        }
        try before.write(to: URL(filePath: try Self.log(stage)))
        await #expect(throws: BrokerError.self) { _ = try await stage.start() }
        // What the error says to start without the lost changes.
        try FileManager.default.removeItem(atPath: Self.mark(stage))
        for _ in 0..<2 {
            try await stage.run { wire, _ async throws in
                #expect(try await Self.topics(wire).contains("a"))
                if try await !Self.topics(wire).contains("b") {
                    _ = try await wire.createTopic("b")
                }
                #expect(try await wire.values(of: "b").isEmpty)
            }
            let stray = stage.directory + "/b-0.\(id)-stray/00000000000000000000.log"
            #expect(try Data(contentsOf: URL(filePath: stray)).range(of: Data("kept".utf8)) != nil)
        }
    }

    /// Goal: files of a topic that the log says was removed are removed at the next start.
    @Test func filesOfARemovedTopicGo() async throws {
        let stage = KafkaBrokerStage()
        try await Self.fill(stage, ["a", "b"])
        let saved = try stage.copy()
        try await stage.run { wire, _ async throws in
            _ = try await wire.ask(DeleteTopicsRequest { $0.topicNames = ["b"] }, version: 5)
        }
        try FileManager.default.copyItem(
            atPath: saved.directory + "/b-0", toPath: stage.directory + "/b-0")
        let (isRefused, names) = await Self.startedNames(stage)
        #expect(!isRefused)
        #expect(names.contains("a-0"))
        #expect(!names.contains { $0.hasPrefix("b-0") })
    }

    /// Topics with a record each.
    private static func fill(_ stage: KafkaBrokerStage, _ names: [String]) async throws {
        try await stage.run { wire, _ async throws in
            for name in names {
                _ = try await wire.createTopic(name)
                _ = try await wire.produce(KafkaBrokerRequests.batch(["kept"]), to: name)
            }
        }
    }

    /// Whether a broker refuses to start, and what the directory holds afterwards.
    private static func startedNames(
        _ stage: KafkaBrokerStage
    ) async -> (isRefused: Bool, names: [String]) {
        var isRefused = false
        do { await (try stage.start()).stop() } catch { isRefused = true }
        let names = try? FileManager.default.contentsOfDirectory(atPath: stage.directory)
        return (isRefused, names ?? [])
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
