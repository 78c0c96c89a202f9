// Produce requests inside transactions: the coordinator is asked first, and the order is kept.
// Source: KIP-890; apache/kafka AddPartitionsToTxnManager.scala, ReplicaManager.scala

import KafkaProtocol
import NIOCore
import Synchronization

/// How a request that writes to a transaction stands to the coordinator, by its version.
enum TransactionUse: Equatable, Sendable {
    /// The partition must have been added. A client that does not know TRANSACTION_ABORTABLE is told
    /// INVALID_TXN_STATE.
    case verifies(knowsAbortable: Bool)
    /// Writing adds the partition.
    case addsImplicitly

    init(produceVersion version: Int16) {
        self = version >= 12 ? .addsImplicitly : .verifies(knowsAbortable: version >= 11)
    }

    init(offsetCommitVersion version: Int16) {
        self = version >= 5 ? .addsImplicitly : .verifies(knowsAbortable: version >= 4)
    }

    /// What a producer is told when the coordinator said `code`.
    func produceError(_ code: KafkaErrorCode) -> KafkaErrorCode {
        switch code {
        case .producerFenced: .invalidProducerEpoch
        case .transactionAbortable:
            self == .verifies(knowsAbortable: false) ? .invalidTxnState : code
        case .concurrentTransactions: self == .addsImplicitly ? code : .notEnoughReplicas
        case .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator:
            .notEnoughReplicas
        default: code
        }
    }

    /// What a committer of offsets is told.
    func offsetCommitError(_ code: KafkaErrorCode) -> KafkaErrorCode {
        let error = produceError(code)
        return error == .notEnoughReplicas ? .coordinatorNotAvailable : error
    }
}

/// The transactional batches of one produce request; all of one producer.
struct TransactionalProduce: Sendable {
    struct Item: Sendable {
        var place: ProduceRound.Place
        var log: PartitionLog
        var batch: ByteBuffer
        var sequence: Int32
    }

    var round: ProduceRound
    var transactionalID: String
    var producer: ProducerIdentity
    var use: TransactionUse
    var items: [Item] = []

    /// - Returns: the items whose log does not have the producer's transaction yet, and their tokens.
    func unverified() -> [Int: VerificationToken] {
        var tokens: [Int: VerificationToken] = [:]
        for (index, item) in items.enumerated() {
            tokens[index] = item.log.beginVerification(
                producerID: producer.id, epoch: producer.epoch, sequence: item.sequence)
        }
        return tokens
    }

    func append(_ tokens: [Int: VerificationToken], errors: [Int: KafkaErrorCode] = [:]) {
        for (index, item) in items.enumerated() {
            if let error = errors[index], error != .none {
                round.failed(item.place, use.produceError(error))
                continue
            }
            item.log.append(item.batch, origin: .client, verification: tokens[index]) {
                [round] result in round.finished(item.place, result)
            }
        }
    }

    func fail(_ error: KafkaErrorCode) {
        for item in items { round.failed(item.place, error) }
    }
}

/// Keeps a producer's requests in order while the coordinator is asked for one of them.
///
/// Requests of a connection are begun in their order. One whose transaction the logs know goes straight
/// on; one that must be asked for waits in its producer's queue, and so does all that comes behind it.
final class TransactionalProduces: Sendable {
    /// By producer id. There is a queue while somebody works on it; its first request is in work.
    private let queues = Mutex<[Int64: [TransactionalProduce]]>([:])

    private enum Way { case straight, queued, begins, full }

    /// - Parameter tasks: where the coordinator is waited for.
    func submit(
        _ produce: TransactionalProduce, to transactions: TransactionCoordinator,
        in tasks: RequestTasks
    ) {
        let id = produce.producer.id
        let way = queues.withLock { queues -> Way in
            if let count = queues[id]?.count {
                if count >= Limits.producesVerifyingMax { return .full }
                queues[id]?.append(produce)
                return .queued
            }
            if produce.unverified().isEmpty { return .straight }
            queues[id] = [produce]
            return .begins
        }
        switch way {
        case .straight: produce.append([:])
        case .queued: break
        case .full: produce.fail(.notEnoughReplicas)
        case .begins:
            let taken = tasks.submit { await self.work(on: id, transactions) }
            if !taken {
                for left in queues.withLock({ $0.removeValue(forKey: id) }) ?? [] {
                    left.fail(.notLeaderOrFollower)
                }
            }
        }
    }

    private func work(on id: Int64, _ transactions: TransactionCoordinator) async {
        var next = queues.withLock { $0[id]?.first }
        while let produce = next {
            // The marker of the transaction before would make tokens void that are given now.
            await transactions.settle(produce.transactionalID)
            let tokens = produce.unverified()
            let errors =
                tokens.isEmpty ? [:] : await ask(transactions, produce, tokens.keys.sorted())
            produce.append(tokens, errors: errors)
            // In one step with the end of this loop: a queue made after it has another who works on it.
            next = queues.withLock { queues in
                queues[id]?.removeFirst()
                if queues[id]?.isEmpty ?? true { queues[id] = nil }
                return queues[id]?.first
            }
        }
    }

    private func ask(
        _ transactions: TransactionCoordinator, _ produce: TransactionalProduce, _ indexes: [Int]
    ) async -> [Int: KafkaErrorCode] {
        let names = indexes.map { produce.items[$0].log.name }
        let codes: [KafkaErrorCode]
        switch produce.use {
        case .addsImplicitly:
            let code = await transactions.addPartitions(
                Set(names), to: produce.transactionalID, by: produce.producer, version: .epochBump)
            codes = names.map { _ in code }
        case .verifies:
            codes = await transactions.verify(
                names, of: produce.transactionalID, by: produce.producer)
        }
        return Dictionary(uniqueKeysWithValues: zip(indexes, codes))
    }
}
