// Topics, offsets and groups of a cluster: asked for, made and removed.

import CRdKafka
import Foundation
public import Logging
import MillraceBase

public struct ClusterMetadata: Sendable, Equatable {
    public struct Broker: Sendable, Equatable {
        public var id: Int32
        public var host: String
        public var port: Int
    }

    public struct Topic: Sendable, Equatable {
        public var name: String
        public var partitions: Int
        public var isInternal: Bool
    }

    public var clusterID: String
    public var brokers: [Broker]
    /// Sorted by name.
    public var topics: [Topic]
}

public struct ConsumerGroup: Sendable, Equatable {
    public var id: String
    /// Kafka's word: "Stable", "Empty"…
    public var state: String
    /// Only commits offsets, without members.
    public var isSimple: Bool
}

/// Calls run one after the other on a thread of their own; each is bounded by a named limit.
public struct KafkaAdmin: Sendable {
    private let worker: AdminWorker
    /// Connections of our own, opened when a call that librdkafka 2.0.2 lacks is made.
    let cluster: KafkaCluster

    public init(
        _ configuration: KafkaConfiguration, logger: Logger = Logger(label: "millrace.kafka")
    ) throws(KafkaError) {
        worker = try AdminWorker(configuration, logger: logger)
        cluster = KafkaCluster(configuration)
    }

    /// - Parameter configs: Kafka's topic properties: `["cleanup.policy": "compact"]`.
    /// - Returns: `false` when it existed already, however it is configured.
    @discardableResult
    public func createTopic(
        _ name: String, partitions: Int, configs: [String: String] = [:],
        replicationFactor: Int = -1
    ) async throws(KafkaError) -> Bool {
        try await worker.createTopic(
            name, partitions: partitions, configs: configs, replicationFactor: replicationFactor)
    }

    /// - Returns: `false` when there was none.
    @discardableResult
    public func deleteTopic(_ name: String) async throws(KafkaError) -> Bool {
        try await worker.deleteTopic(name)
    }

    /// - Parameter topic: only this one; an unknown one is an error (`isUnknownTopic`).
    public func metadata(topic: String? = nil) async throws(KafkaError) -> ClusterMetadata {
        try await worker.metadata(topic: topic)
    }

    /// The first offset that is there and the one after the last, by partition.
    public func watermarks(_ topic: String) async throws(KafkaError) -> [Int32: (
        low: Int64, high: Int64
    )] {
        try await worker.watermarks(topic).mapValues { ($0.low, $0.high) }
    }

    public func groups() async throws(KafkaError) -> [ConsumerGroup] { try await worker.groups() }

    /// Partitions without a committed offset are left out.
    public func committed(group: String, topic: String) async throws(KafkaError)
        -> [Int32: Int64]
    {
        try await worker.committed(group: group, topic: topic)
    }

    public func close() async {
        await cluster.close()
        await worker.close()
    }
}

struct Watermarks: Sendable { var low, high: Int64 }

/// Owns the librdkafka instance of an admin. A consumer instance, because asking about a topic
/// from a producer's could create it.
actor AdminWorker {
    let handle: KafkaHandle
    private let thread: SerialThread
    private let ended = OneTimeSignal()
    private(set) var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        handle = try KafkaHandle(
            RD_KAFKA_CONSUMER, configuration, defaults: [:], logger: logger)
        thread = SerialThread("kafka.admin")
    }

    deinit {
        guard !isClosed else { return }
        let handle = handle
        Thread.detachNewThread { handle.destroy() }
    }

    nonisolated func close() async {
        async let freed: Void = free()
        await ended.wait(atMost: KafkaLimits.closeWait)
        await freed
    }

    private func free() {
        guard !isClosed else { return }
        isClosed = true
        let (handle, ended) = (handle, ended)
        Thread.detachNewThread {
            handle.destroy()
            ended.signal()
        }
    }

    func ready() throws(KafkaError) {
        guard !isClosed else { throw .closed }
        handle.drainMainQueue()
    }
}
