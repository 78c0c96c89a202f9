// A broker on a temporary directory and a raw connection to it, for the Kafka contract tests.

import Foundation
import KafkaProtocol
import Logging
import MillraceBroker
import NIOCore
import NIOPosix

/// A data directory that goes away, and brokers on it, one after the other.
final class KafkaBrokerStage: Sendable {
    let directory: String

    init() {
        directory =
            FileManager.default.temporaryDirectory
            .appending(path: "millrace-broker-\(UUID().uuidString)").path
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func start(
        _ durability: Durability = .group, port: Int = 0,
        set: (inout BrokerConfiguration) -> Void = { _ in }
    ) async throws -> BrokerServer {
        var configuration = BrokerConfiguration(directory: directory, port: port)
        configuration.durability = durability
        set(&configuration)
        var logger = Logger(label: "test.broker")
        logger.logLevel = .critical
        return try await BrokerServer.start(configuration, logger: logger)
    }

    /// The directory as `kill -9` would leave it now, as a stage of its own.
    func copy() throws -> KafkaBrokerStage {
        let other = KafkaBrokerStage()
        try FileManager.default.copyItem(atPath: directory, toPath: other.directory)
        return other
    }

    /// Runs `body` with a broker and a connection, and stops both.
    func run<Value: Sendable>(
        _ durability: Durability = .group, set: (inout BrokerConfiguration) -> Void = { _ in },
        _ body: (KafkaBrokerWire, BrokerServer) async throws -> Value
    ) async throws -> Value {
        let server = try await start(durability, set: set)
        let result: Result<Value, any Error>
        do {
            let wire = try await KafkaBrokerWire(port: server.port)
            do {
                result = .success(try await body(wire, server))
            } catch {
                result = .failure(error)
            }
            await wire.close()
        } catch {
            result = .failure(error)
        }
        await server.stop()
        return try result.get()
    }
}

/// One connection that sends bytes and takes frames.
final class KafkaBrokerWire: Sendable {
    struct Ended: Error {}

    private let channel: any Channel
    private let frames: AsyncStream<ByteBuffer>

    init(port: Int) async throws {
        let (frames, arrived) = AsyncStream.makeStream(of: ByteBuffer.self)
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FrameCatcher(arrived))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        self.frames = frames
    }

    func close() async { try? await channel.close().get() }

    func send(_ bytes: ByteBuffer) async throws {
        // A broker that closed first is what some tests wait for.
        try? await channel.writeAndFlush(bytes).get()
    }

    /// - Throws: `Ended` when the broker closes the connection.
    func frame() async throws -> ByteBuffer {
        for await frame in frames { return frame }
        throw Ended()
    }

    func send<Request: KafkaRequest>(
        _ request: Request, version: Int16, correlationID: Int32 = 1
    ) async throws {
        try await send(
            request.frame(version: version, correlationID: correlationID, clientID: "test"))
    }

    func answer<Request: KafkaRequest>(
        _ request: Request.Type, version: Int16
    ) async throws -> (correlationID: Int32, response: Request.Response) {
        var frame = try await frame()
        let id = try ResponseHeader.read(from: &frame, key: request.apiKey, version: version)
        return (id, try Request.Response(reading: frame, version: version))
    }

    func ask<Request: KafkaRequest>(
        _ request: Request, version: Int16
    ) async throws -> Request.Response {
        try await send(request, version: version)
        return try await answer(Request.self, version: version).response
    }
}

private final class FrameCatcher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let arrived: AsyncStream<ByteBuffer>.Continuation
    private var bytes = ByteBuffer()

    init(_ arrived: AsyncStream<ByteBuffer>.Continuation) { self.arrived = arrived }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        while let size = bytes.getInteger(at: bytes.readerIndex, as: Int32.self),
            bytes.readableBytes >= Int(size) + 4
        {
            bytes.moveReaderIndex(forwardBy: 4)
            if let frame = bytes.readSlice(length: Int(size)) { arrived.yield(frame) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { arrived.finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

// MARK: Short ways to ask

extension KafkaBrokerWire {
    func createTopic(
        _ name: String, partitions: Int32 = 1, settings: [String: String] = [:]
    ) async throws -> CreateTopicsResponse.CreatableTopicResult {
        let request = CreateTopicsRequest {
            $0.topics = [
                CreateTopicsRequest.CreatableTopic {
                    $0.name = name
                    $0.numPartitions = partitions
                    $0.replicationFactor = 1
                    $0.configs = settings.map { name, value in
                        CreateTopicsRequest.CreatableTopic.CreatableTopicConfig {
                            $0.name = name
                            $0.value = value
                        }
                    }
                }
            ]
        }
        return try await ask(request, version: 7).topics[0]
    }

    func produce(
        _ batch: ByteBuffer, to topic: String, partition: Int32 = 0, acks: Int16 = -1
    ) async throws -> ProduceResponse.TopicResponse.PartitionResponse {
        let request = KafkaBrokerRequests.produce(
            batch, to: topic, partition: partition, acks: acks)
        return try await ask(request, version: 9).responses[0].partitionResponses[0]
    }

    func fetch(
        _ topic: String, partition: Int32 = 0, from offset: Int64, bytesMax: Int32 = 1 << 20,
        waitMilliseconds: Int32 = 0
    ) async throws -> FetchResponse.TopicResponse.PartitionData {
        let request = KafkaBrokerRequests.fetch(
            topic, partition: partition, from: offset, bytesMax: bytesMax,
            waitMilliseconds: waitMilliseconds)
        return try await ask(request, version: 12).responses[0].partitions[0]
    }

    /// All records' values, in order, with their offsets.
    func values(of topic: String, partition: Int32 = 0) async throws -> [(Int64, String)] {
        var found: [(Int64, String)] = []
        var next: Int64 = 0
        while true {
            let data = try await fetch(topic, partition: partition, from: next)
            var bytes = data.records ?? ByteBuffer()
            if bytes.readableBytes == 0 { return found }
            while let (header, batch) = try RecordBatch.next(in: &bytes) {
                for record in try RecordReader.all(in: batch) where record.offset >= next {
                    found.append((record.offset, String(buffer: record.value ?? ByteBuffer())))
                }
                next = header.lastOffset + 1
            }
        }
    }

    func endOffset(_ topic: String, timestamp: Int64 = -1) async throws -> Int64 {
        let request = ListOffsetsRequest {
            $0.replicaID = -1
            $0.topics = [
                ListOffsetsRequest.Topic {
                    $0.name = topic
                    $0.partitions = [
                        ListOffsetsRequest.Topic.Partition { $0.timestamp = timestamp }
                    ]
                }
            ]
        }
        return try await ask(request, version: 7).topics[0].partitions[0].offset
    }
}

enum KafkaBrokerRequests {
    static func produce(
        _ batch: ByteBuffer, to topic: String, partition: Int32 = 0, acks: Int16 = -1
    ) -> ProduceRequest {
        ProduceRequest {
            $0.acks = acks
            $0.timeoutMilliseconds = 10_000
            $0.topicData = [
                ProduceRequest.TopicData {
                    $0.name = topic
                    $0.partitionData = [
                        ProduceRequest.TopicData.PartitionData {
                            $0.index = partition
                            $0.records = batch
                        }
                    ]
                }
            ]
        }
    }

    static func fetch(
        _ topic: String, partition: Int32 = 0, from offset: Int64, bytesMax: Int32 = 1 << 20,
        waitMilliseconds: Int32 = 0, bytesMin: Int32 = 1
    ) -> FetchRequest {
        FetchRequest {
            $0.maxWaitMilliseconds = waitMilliseconds
            $0.minBytes = bytesMin
            $0.maxBytes = bytesMax
            $0.topics = [
                FetchRequest.Topic {
                    $0.topic = topic
                    $0.partitions = [
                        FetchRequest.Topic.Partition {
                            $0.partition = partition
                            $0.fetchOffset = offset
                            $0.partitionMaxBytes = bytesMax
                        }
                    ]
                }
            ]
        }
    }

    /// One batch of these values; times count up from `time`, now by default.
    static func batch(
        _ values: [String], time: Int64? = nil, producerID: Int64 = -1, epoch: Int16 = -1,
        sequence: Int32 = -1, key: String? = "k"
    ) -> ByteBuffer {
        var builder = RecordBatchBuilder(
            producerID: producerID, producerEpoch: epoch, baseSequence: sequence)
        let first = time ?? Int64(Date().timeIntervalSince1970 * 1000)
        for (index, value) in values.enumerated() {
            builder.append(
                key: key.map { Array($0.utf8) }, value: Array(value.utf8),
                timestampMilliseconds: first + Int64(index))
        }
        return builder.finish()
    }
}
