// A client that keeps a fetch session, as Kafka's own consumers do.

import KafkaProtocol
import NIOCore

struct FetchSessionClient {
    typealias Offsets = [String: [Int32: Int64]]

    var wire: KafkaBrokerWire
    var version: Int16
    var session: Int32 = 0
    /// Of the next request.
    var epoch: Int32 = 0
    var ids: [String: KafkaUUID] = [:]

    init(_ wire: KafkaBrokerWire, version: Int16) {
        self.wire = wire
        self.version = version
    }

    mutating func create(_ topic: String, partitions: Int32 = 1) async throws {
        ids[topic] = try await wire.createTopic(topic, partitions: partitions).topicID
    }

    /// - Returns: values by topic and partition, for those that are in the answer.
    mutating func fetch(
        _ offsets: Offsets = [:], forgetting: [String: [Int32]] = [:], bytesMax: Int32 = 1 << 20
    ) async throws -> [String: [String]] {
        try await send(offsets, forgetting: forgetting, bytesMax: bytesMax)
        return try await answer()
    }

    func send(
        _ offsets: Offsets = [:], forgetting: [String: [Int32]] = [:], bytesMax: Int32 = 1 << 20,
        waitMilliseconds: Int32 = 0, bytesMin: Int32 = 1
    ) async throws {
        try await wire.send(
            FetchRequest {
                $0.maxWaitMilliseconds = waitMilliseconds
                $0.minBytes = bytesMin
                $0.maxBytes = bytesMax
                $0.sessionID = session
                $0.sessionEpoch = epoch
                $0.topics = offsets.sorted { $0.key < $1.key }.map { name, partitions in
                    topic(name, partitions)
                }
                $0.forgottenTopicsData = forgetting.map { name, partitions in
                    FetchRequest.ForgottenTopic {
                        $0.topic = name
                        $0.topicID = ids[name] ?? .zero
                        $0.partitions = partitions
                    }
                }
            }, version: version)
    }

    private func topic(_ name: String, _ partitions: [Int32: Int64]) -> FetchRequest.Topic {
        FetchRequest.Topic {
            $0.topic = name
            $0.topicID = ids[name] ?? .zero
            $0.partitions = partitions.sorted { $0.key < $1.key }.map { partition, offset in
                FetchRequest.Topic.Partition {
                    $0.partition = partition
                    $0.fetchOffset = offset
                    $0.partitionMaxBytes = 1 << 20
                }
            }
        }
    }

    mutating func answer() async throws -> [String: [String]] {
        try await partitions().mapValues { data in
            var bytes = data.records ?? ByteBuffer()
            var values: [String] = []
            while let (_, batch) = try RecordBatch.next(in: &bytes) {
                values += try RecordReader.all(in: batch).map {
                    String(buffer: $0.value ?? ByteBuffer())
                }
            }
            return values
        }
    }

    /// The errors of the partitions that are in the answer.
    mutating func codes(_ offsets: Offsets = [:]) async throws -> [String: KafkaErrorCode] {
        try await send(offsets)
        return try await partitions().mapValues(\.errorCode)
    }

    /// The error of a whole answer, which changes nothing here.
    func error() async throws -> KafkaErrorCode {
        try await send()
        return try await wire.answer(FetchRequest.self, version: version).response.errorCode
    }

    private mutating func partitions() async throws
        -> [String: FetchResponse.TopicResponse.PartitionData]
    {
        let response = try await wire.answer(FetchRequest.self, version: version).response
        struct Refused: Error { var code: KafkaErrorCode }
        guard response.errorCode == .none else { throw Refused(code: response.errorCode) }
        session = response.sessionID
        epoch = session == 0 ? 0 : epoch + 1
        let names = Dictionary(uniqueKeysWithValues: ids.map { ($0.value, $0.key) })
        var found: [String: FetchResponse.TopicResponse.PartitionData] = [:]
        for topic in response.responses {
            let name = version < 13 ? topic.topic : names[topic.topicID] ?? "?"
            for data in topic.partitions { found["\(name)\(data.partitionIndex)"] = data }
        }
        return found
    }
}
