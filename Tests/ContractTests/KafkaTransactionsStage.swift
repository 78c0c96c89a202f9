// A transactional producer that speaks either protocol over a raw connection, for the Kafka
// transaction tests, and a reader that keeps to what is committed.

import Foundation
import KafkaProtocol
import MillraceBroker
import NIOCore

/// The two ways clients speak to a broker with transaction.version 2.
enum KafkaTransactionsProtocol: CaseIterable, Sendable {
    /// librdkafka, kafka-python, aiokafka: AddPartitionsToTxn 3, Produce 11, EndTxn 4.
    case first
    /// The Java client (KIP-890): Produce 12, EndTxn 5.
    case second
}

/// One producer. Every call returns the broker's error; nothing is tried again but by `begin`.
struct KafkaTransactionsProducer {
    let wire: KafkaBrokerWire
    let transactionalID: String
    let spoken: KafkaTransactionsProtocol
    var producerID: Int64 = -1
    var epoch: Int16 = -1
    /// The next sequence by topic and partition.
    private var sequences: [String: Int32] = [:]
    private var added: Set<String> = []

    init(_ wire: KafkaBrokerWire, _ id: String, _ spoken: KafkaTransactionsProtocol) {
        self.wire = wire
        transactionalID = id
        self.spoken = spoken
    }

    /// - Parameter keeps: whether it says who it was so far (KIP-360).
    mutating func begin(
        timeout: Int32 = 60_000, keeps: Bool = false, version: Int16 = 5
    ) async throws -> KafkaErrorCode {
        let request = InitProducerIDRequest {
            $0.transactionalID = transactionalID
            $0.transactionTimeoutMilliseconds = timeout
            if keeps {
                $0.producerID = producerID
                $0.producerEpoch = epoch
            }
        }
        var answer = try await wire.ask(request, version: version)
        while answer.errorCode == .concurrentTransactions {
            try await Task.sleep(for: .milliseconds(5))
            answer = try await wire.ask(request, version: version)
        }
        if answer.errorCode == .none {
            producerID = answer.producerID
            epoch = answer.producerEpoch
            sequences = [:]
            added = []
        }
        return answer.errorCode
    }

    mutating func add(
        _ topic: String, _ partition: Int32 = 0, version: Int16 = 3
    ) async throws -> KafkaErrorCode {
        let request = AddPartitionsToTxnRequest {
            $0.transactionalID = transactionalID
            $0.producerID = producerID
            $0.producerEpoch = epoch
            $0.topics = [
                AddPartitionsToTxnRequest.Topic {
                    $0.name = topic
                    $0.partitions = [partition]
                }
            ]
        }
        let answer = try await wire.ask(request, version: version)
        return answer.resultsByTopic[0].resultsByPartition[0].partitionErrorCode
    }

    func request(
        _ values: [String], _ topic: String, _ partition: Int32, sequence: Int32
    ) -> ProduceRequest {
        var builder = RecordBatchBuilder(
            producerID: producerID, producerEpoch: epoch, baseSequence: sequence)
        builder.header.attributes.isTransactional = true
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        for value in values {
            builder.append(
                key: Array("k".utf8), value: Array(value.utf8), timestampMilliseconds: now)
        }
        var request = KafkaBrokerRequests.produce(builder.finish(), to: topic, partition: partition)
        request.transactionalID = transactionalID
        return request
    }

    /// Writes one batch; under the first protocol it adds the partition first.
    mutating func send(
        _ values: [String], to topic: String, _ partition: Int32 = 0, version: Int16? = nil
    ) async throws -> KafkaErrorCode {
        let place = "\(topic)-\(partition)"
        if spoken == .first, !added.contains(place) {
            let error = try await add(topic, partition)
            if error != .none { return error }
            added.insert(place)
        }
        let sequence = sequences[place] ?? 0
        let answer = try await wire.ask(
            request(values, topic, partition, sequence: sequence),
            version: version ?? (spoken == .first ? 11 : 12))
        let error = answer.responses[0].partitionResponses[0].errorCode
        if error == .none { sequences[place] = sequence + Int32(values.count) }
        return error
    }

    func endRequest(_ isCommit: Bool) -> EndTxnRequest {
        EndTxnRequest {
            $0.transactionalID = transactionalID
            $0.producerID = producerID
            $0.producerEpoch = epoch
            $0.committed = isCommit
        }
    }

    mutating func end(_ isCommit: Bool, version: Int16? = nil) async throws -> KafkaErrorCode {
        let answer = try await wire.ask(
            endRequest(isCommit), version: version ?? (spoken == .first ? 4 : 5))
        if answer.errorCode == .none { ended(answer) }
        return answer.errorCode
    }

    mutating func ended(_ answer: EndTxnResponse) {
        added = []
        guard spoken == .second else { return }
        producerID = answer.producerID
        epoch = answer.producerEpoch
        sequences = [:]
    }

    /// Commits the offset of `source`-0 for a group as a part of the transaction.
    mutating func commit(
        _ offset: Int64, of source: String, group: String
    ) async throws -> KafkaErrorCode {
        if spoken == .first {
            let add = AddOffsetsToTxnRequest {
                $0.transactionalID = transactionalID
                $0.producerID = producerID
                $0.producerEpoch = epoch
                $0.groupID = group
            }
            let error = try await wire.ask(add, version: 3).errorCode
            if error != .none { return error }
        }
        let request = TxnOffsetCommitRequest {
            $0.transactionalID = transactionalID
            $0.groupID = group
            $0.producerID = producerID
            $0.producerEpoch = epoch
            $0.topics = [
                TxnOffsetCommitRequest.Topic {
                    $0.name = source
                    $0.partitions = [
                        TxnOffsetCommitRequest.Topic.Partition { $0.committedOffset = offset }
                    ]
                }
            ]
        }
        let answer = try await wire.ask(request, version: spoken == .first ? 3 : 5)
        return answer.topics[0].partitions[0].errorCode
    }
}

extension KafkaBrokerWire {
    /// What a reader with isolation.level read_committed sees of a partition now.
    func committed(_ topic: String, _ partition: Int32 = 0) async throws -> [String] {
        var found: [String] = []
        var next: Int64 = 0
        while true {
            var request = KafkaBrokerRequests.fetch(topic, partition: partition, from: next)
            request.isolationLevel = 1
            let data = try await ask(request, version: 12).responses[0].partitions[0]
            var bytes = data.records ?? ByteBuffer()
            if bytes.readableBytes == 0 { return found }
            var left = (data.abortedTransactions ?? []).sorted { $0.firstOffset < $1.firstOffset }
            var aborted: Set<Int64> = []
            while let (header, batch) = try RecordBatch.next(in: &bytes) {
                while let first = left.first, first.firstOffset <= header.lastOffset {
                    aborted.insert(first.producerID)
                    left.removeFirst()
                }
                next = header.lastOffset + 1
                let records = try RecordReader.all(in: batch)
                if header.attributes.isControl {
                    let kind = records[0].key.flatMap {
                        $0.getInteger(at: $0.readerIndex + 2, as: Int16.self)
                    }
                    if kind == 0 { aborted.remove(header.producerID) }
                    continue
                }
                if header.attributes.isTransactional, aborted.contains(header.producerID) {
                    continue
                }
                found += records.map { String(buffer: $0.value ?? ByteBuffer()) }
            }
        }
    }

    /// The offset a group has for `topic`-0, or the error of asking for a stable one.
    func offset(
        of topic: String, group: String, stable: Bool
    ) async throws -> (offset: Int64, error: KafkaErrorCode) {
        let request = OffsetFetchRequest {
            $0.groupID = group
            $0.requireStable = stable
            $0.topics = [
                OffsetFetchRequest.Topic {
                    $0.name = topic
                    $0.partitionIndexes = [0]
                }
            ]
        }
        let partition = try await ask(request, version: 7).topics[0].partitions[0]
        return (partition.committedOffset, partition.errorCode)
    }

    func state(ofTransaction id: String) async throws -> String {
        let request = DescribeTransactionsRequest { $0.transactionalIDs = [id] }
        return try await ask(request, version: 0).transactionStates[0].transactionState
    }

    /// Waits until a transaction is in a state; its markers are written by then if it is complete.
    func wait(for state: String, ofTransaction id: String) async throws {
        while try await self.state(ofTransaction: id) != state {
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
