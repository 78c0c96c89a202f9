// Produce: batches into the logs.

import KafkaProtocol
import MillraceBase
import NIOCore
import Synchronization

extension BrokerCore {
    func produce(_ request: ProduceRequest, _ reply: Reply) {
        let bytes = request.topicData.reduce(0) { sum, topic in
            topic.partitionData.reduce(sum) { $0 + ($1.records?.readableBytes ?? 0) }
        }
        let reply = metered(.producerByteRate, bytes: bytes, reply)
        let round = ProduceRound(request, reply)
        let version = reply.header.apiVersion
        var transactional: TransactionalProduce?
        for (topicPosition, data) in request.topicData.enumerated() {
            let topic = version >= 13 ? catalog.topic(data.topicID) : catalog.topic(data.name)
            for (position, partition) in data.partitionData.enumerated() {
                let place = ProduceRound.Place(topic: topicPosition, partition: position)
                let refusal = refusal(request, topic, named: data.name, reply)
                guard refusal == .none, let topic else { round.failed(place, refusal); continue }
                guard let log = topic.log(partition.index) else {
                    round.failed(place, .unknownTopicOrPartition)
                    continue
                }
                guard let batch = partition.records else {
                    round.failed(place, .invalidRecord)
                    continue
                }
                guard let producer = TransactionalBatch(batch) else {
                    log.append(batch, origin: .client) { result in round.finished(place, result) }
                    continue
                }
                let item = TransactionalProduce.Item(
                    place: place, log: log, batch: batch, sequence: producer.sequence)
                let fault = add(item, of: producer, in: request, round, reply, &transactional)
                if let fault { round.failed(place, fault) }
            }
        }
        if let transactional {
            transactionalProduces.submit(transactional, to: transactions, in: tasks)
        }
        round.allGiven()
    }

    /// Puts a transactional batch to the others of its request.
    /// - Returns: why it is none of them.
    private func add(
        _ item: TransactionalProduce.Item, of batch: TransactionalBatch,
        in request: ProduceRequest, _ round: ProduceRound, _ reply: Reply,
        _ produce: inout TransactionalProduce?
    ) -> KafkaErrorCode? {
        guard let transactionalID = request.transactionalID,
            allowsTransaction(reply, transactionalID)
        else {
            return .transactionalIDAuthorizationFailed
        }
        var known =
            produce
            ?? TransactionalProduce(
                round: round, transactionalID: transactionalID, producer: batch.producer,
                use: TransactionUse(produceVersion: reply.header.apiVersion))
        guard known.producer == batch.producer else { return .invalidProducerIDMapping }
        known.items.append(item)
        produce = known
        return nil
    }

    /// Why nothing is appended to a topic, whatever the batch is.
    private func refusal(
        _ request: ProduceRequest, _ topic: Topic?, named wanted: String, _ reply: Reply
    ) -> KafkaErrorCode {
        let byID = reply.header.apiVersion >= 13
        guard (-1...1).contains(request.acks) else { return .invalidRequiredAcks }
        let name = byID ? topic?.name : wanted
        if let name, !allows(reply, .write, .topic(name)) { return .topicAuthorizationFailed }
        guard let topic else { return byID ? .unknownTopicID : .unknownTopicOrPartition }
        guard !topic.isInternal else { return .invalidTopicException }
        guard request.acks != -1 || topic.replicasNeeded <= 1 else { return .notEnoughReplicas }
        return .none
    }
}

/// What the header of a transactional batch says of its producer.
struct TransactionalBatch {
    var producer: ProducerIdentity
    var sequence: Int32

    /// - Returns: `nil` for a batch that is not transactional, or no batch; the log judges that.
    init?(_ batch: ByteBuffer) {
        let start = batch.readerIndex
        guard let attributes = batch.getInteger(at: start + 21, as: Int16.self),
            RecordBatchAttributes(rawValue: attributes).isTransactional,
            let id = batch.getInteger(at: start + 43, as: Int64.self),
            let epoch = batch.getInteger(at: start + 51, as: Int16.self),
            let sequence = batch.getInteger(at: start + 53, as: Int32.self)
        else { return nil }
        producer = ProducerIdentity(id: id, epoch: epoch)
        self.sequence = sequence
    }
}

/// Collects what became of the batches of one request; answers when the last one is in the log.
final class ProduceRound: Sendable {
    struct Place: Sendable {
        var topic: Int
        var partition: Int
    }

    private struct State {
        var response = ProduceResponse()
        /// Batches without a result, and one for the request until all are given.
        var left = 1
        var hasFailed = false

        subscript(place: Place) -> ProduceResponse.TopicResponse.PartitionResponse {
            get { response.responses[place.topic].partitionResponses[place.partition] }
            set { response.responses[place.topic].partitionResponses[place.partition] = newValue }
        }
    }

    private let reply: Reply
    private let isAnswered: Bool
    private let state: Mutex<State>

    init(_ request: ProduceRequest, _ reply: Reply) {
        self.reply = reply
        isAnswered = request.acks != 0
        var state = State()
        state.response.responses = request.topicData.map { topic in
            ProduceResponse.TopicResponse {
                $0.name = topic.name
                $0.topicID = topic.topicID
                $0.partitionResponses = topic.partitionData.map { partition in
                    var answer = ProduceResponse.TopicResponse.PartitionResponse()
                    answer.index = partition.index
                    answer.baseOffset = -1
                    return answer
                }
            }
        }
        state.left += request.topicData.reduce(0) { $0 + $1.partitionData.count }
        self.state = Mutex(state)
    }

    func allGiven() { step { _ in } }

    func failed(_ place: Place, _ code: KafkaErrorCode) {
        step { state in
            state.hasFailed = true
            state[place].errorCode = code
        }
    }

    func finished(_ place: Place, _ result: AppendResult) {
        step { state in
            switch result {
            case .appended(let baseOffset, let appendTime, let startOffset):
                state[place].baseOffset = baseOffset
                state[place].logAppendTimeMilliseconds = appendTime
                state[place].logStartOffset = startOffset
            case .refused(let fault):
                state.hasFailed = true
                fault.describe(in: &state[place])
            }
        }
    }

    private func step(_ change: (inout State) -> Void) {
        let finished = state.withLock { state -> (response: ProduceResponse, hasFailed: Bool)? in
            change(&state)
            state.left -= 1
            return state.left == 0 ? (state.response, state.hasFailed) : nil
        }
        guard let finished else { return }
        if isAnswered {
            reply.send(ProduceRequest.self, finished.response)
        } else if finished.hasFailed {
            // Without an answer, the end of the connection is the only way to say it; Kafka's way.
            reply.close()
        } else {
            reply.send([])
        }
    }
}

extension AppendFault {
    /// Puts Kafka's code and words for it into an answer.
    func describe(in answer: inout ProduceResponse.TopicResponse.PartitionResponse) {
        switch self {
        case .notABatch(let why):
            answer.errorCode = .invalidRecord
            answer.errorMessage = why
        case .badChecksum:
            answer.errorCode = .corruptMessage
            answer.errorMessage = "the batch does not have its checksum"
        case .tooLarge(let sizeBytes, let bytesMax):
            answer.errorCode = .messageTooLarge
            answer.errorMessage = "the batch has \(sizeBytes) bytes; the topic takes \(bytesMax)"
        case .invalidTimestamp(let timestamp):
            answer.errorCode = .invalidTimestamp
            answer.errorMessage = "the topic does not take the timestamp \(timestamp)"
        case .withoutKey(let indexes):
            answer.errorCode = .invalidRecord
            answer.errorMessage = "One or more records have been rejected"
            answer.recordErrors = indexes.map { index in
                ProduceResponse.TopicResponse.PartitionResponse.BatchIndexAndErrorMessage {
                    $0.batchIndex = index
                    $0.batchIndexErrorMessage =
                        "Compacted topic cannot accept message without key."
                }
            }
        case .storage(let why):
            answer.errorCode = code
            answer.errorMessage = why
        case .outOfOrderSequence, .staleProducerEpoch, .invalidTransaction, .coordinatorFenced,
            .closed:
            answer.errorCode = code
        }
    }

    /// Kafka's code for it.
    var code: KafkaErrorCode {
        switch self {
        case .notABatch, .withoutKey: .invalidRecord
        case .badChecksum: .corruptMessage
        case .tooLarge: .messageTooLarge
        case .invalidTimestamp: .invalidTimestamp
        case .outOfOrderSequence: .outOfOrderSequenceNumber
        case .staleProducerEpoch: .invalidProducerEpoch
        case .invalidTransaction: .invalidTxnState
        case .coordinatorFenced: .transactionCoordinatorFenced
        case .storage: .kafkaStorageError
        case .closed: .notLeaderOrFollower
        }
    }
}
