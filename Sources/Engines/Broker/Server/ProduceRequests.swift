// Produce and InitProducerId: batches into the logs, and ids for those who send them.

import KafkaProtocol
import MillraceBase
import NIOCore
import Synchronization

extension BrokerCore {
    func produce(_ request: ProduceRequest, _ reply: Reply) {
        let round = ProduceRound(request, reply)
        let byID = reply.header.apiVersion >= 13
        for (topicPosition, data) in request.topicData.enumerated() {
            let topic = byID ? catalog.topic(data.topicID) : catalog.topic(data.name)
            for (position, partition) in data.partitionData.enumerated() {
                let place = ProduceRound.Place(topic: topicPosition, partition: position)
                let refusal = refusal(request, topic, byID: byID)
                guard refusal == .none, let topic else { round.failed(place, refusal); continue }
                guard let log = topic.log(partition.index) else {
                    round.failed(place, .unknownTopicOrPartition)
                    continue
                }
                guard let batch = partition.records else {
                    round.failed(place, .invalidRecord)
                    continue
                }
                log.append(batch) { result in round.finished(place, result) }
            }
        }
        round.allGiven()
    }

    /// Why nothing is appended to a topic, whatever the batch is.
    private func refusal(
        _ request: ProduceRequest, _ topic: Topic?, byID: Bool
    ) -> KafkaErrorCode {
        guard (-1...1).contains(request.acks) else { return .invalidRequiredAcks }
        // Transactions are not served: their requests are not announced, and this is what remains.
        guard request.transactionalID == nil else { return .unsupportedVersion }
        guard let topic else { return byID ? .unknownTopicID : .unknownTopicOrPartition }
        guard !topic.isInternal else { return .invalidTopicException }
        guard request.acks != -1 || topic.replicasNeeded <= 1 else { return .notEnoughReplicas }
        return .none
    }

    /// Producers with a transactional id are refused with INVALID_REQUEST: transactions are not served
    /// yet, and an id without them would promise what is not kept.
    func initProducerID(_ request: InitProducerIDRequest, _ reply: Reply) {
        guard request.transactionalID == nil else {
            return reply.send(
                InitProducerIDRequest.self,
                InitProducerIDResponse { $0.errorCode = .invalidRequest })
        }
        blocking(reply) { [producerIDs] in
            var response = InitProducerIDResponse()
            do {
                response.producerID = try producerIDs.next()
            } catch {
                response.errorCode = .kafkaStorageError
            }
            reply.send(InitProducerIDRequest.self, response)
        }
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
        case .outOfOrderSequence: answer.errorCode = .outOfOrderSequenceNumber
        case .staleProducerEpoch: answer.errorCode = .invalidProducerEpoch
        case .transactional:
            answer.errorCode = .unsupportedVersion
            answer.errorMessage = "transactions are not served"
        case .storage(let why):
            answer.errorCode = .kafkaStorageError
            answer.errorMessage = why
        case .closed: answer.errorCode = .notLeaderOrFollower
        }
    }
}
