// ListOffsets, OffsetForLeaderEpoch and DeleteRecords: where in a log something is.

import KafkaProtocol
import NIOCore
import NIOPosix

/// What a ListOffsets timestamp stands for when it is no time.
private enum OffsetSpec {
    static let latest: Int64 = -1
    static let earliest: Int64 = -2
    static let maxTimestamp: Int64 = -3
    /// The first offset on this node's disk; all are.
    static let earliestLocal: Int64 = -4
    /// The last offset in remote storage; there is none.
    static let latestTiered: Int64 = -5
    /// The first offset that waits to go there; none does.
    static let earliestPendingUpload: Int64 = -6
}

extension BrokerCore {
    func listOffsets(_ request: ListOffsetsRequest, _ reply: Reply) {
        let needsDisk = request.topics.contains { topic in
            topic.partitions.contains {
                $0.timestamp >= 0 || $0.timestamp == OffsetSpec.maxTimestamp
            }
        }
        if needsDisk {
            blocking(reply) { reply.send(ListOffsetsRequest.self, self.offsets(request, reply)) }
        } else {
            reply.send(ListOffsetsRequest.self, offsets(request, reply))
        }
    }

    private func offsets(_ request: ListOffsetsRequest, _ reply: Reply) -> ListOffsetsResponse {
        let isolation: IsolationLevel =
            request.isolationLevel == 1 ? .readCommitted : .readUncommitted
        return ListOffsetsResponse {
            $0.topics = request.topics.map { wanted in
                let topic = catalog.topic(wanted.name)
                let isHidden = !allows(reply, .describe, .topic(wanted.name))
                return ListOffsetsResponse.TopicResponse {
                    $0.name = wanted.name
                    $0.partitions = wanted.partitions.map { partition in
                        isHidden
                            ? .refused(partition)
                            : Self.offset(
                                partition, topic?.log(partition.partitionIndex), isolation)
                    }
                }
            }
        }
    }

    private static func offset(
        _ wanted: ListOffsetsRequest.Topic.Partition, _ log: PartitionLog?,
        _ isolation: IsolationLevel
    ) -> ListOffsetsResponse.TopicResponse.PartitionResponse {
        var answer = ListOffsetsResponse.TopicResponse.PartitionResponse()
        answer.partitionIndex = wanted.partitionIndex
        guard let log else {
            answer.errorCode = .unknownTopicOrPartition
            return answer
        }
        let (start, end, epochs) = log.view.with { view in
            (view.startOffset, view.end(isolation), view.epochs)
        }
        answer.errorCode = epochs.current.fault(of: wanted.currentLeaderEpoch)
        guard answer.errorCode == .none else { return answer }
        do throws(LogReadFault) {
            switch wanted.timestamp {
            case OffsetSpec.latest:
                answer.offset = end
                answer.leaderEpoch = epochs.current
            case OffsetSpec.earliest, OffsetSpec.earliestLocal:
                answer.offset = start
                answer.leaderEpoch = epochs.epoch(of: start)
            case OffsetSpec.maxTimestamp: answer.set(try log.newest(), before: end)
            case OffsetSpec.latestTiered, OffsetSpec.earliestPendingUpload: break
            case 0...: answer.set(try log.first(since: wanted.timestamp), before: end)
            default: answer.errorCode = .unsupportedVersion
            }
        } catch {
            answer.errorCode = error.code
        }
        return answer
    }

    func offsetForLeaderEpoch(_ request: OffsetForLeaderEpochRequest, _ reply: Reply) {
        let response = OffsetForLeaderEpochResponse {
            $0.topics = request.topics.map { wanted in
                let topic = catalog.topic(wanted.topic)
                let isHidden = !allows(reply, .describe, .topic(wanted.topic))
                return OffsetForLeaderEpochResponse.TopicResult {
                    $0.topic = wanted.topic
                    $0.partitions = wanted.partitions.map { partition in
                        isHidden
                            ? .refused(partition)
                            : Self.epochEnd(partition, topic?.log(partition.partition))
                    }
                }
            }
        }
        reply.send(OffsetForLeaderEpochRequest.self, response)
    }

    private static func epochEnd(
        _ wanted: OffsetForLeaderEpochRequest.Topic.Partition, _ log: PartitionLog?
    ) -> OffsetForLeaderEpochResponse.TopicResult.EpochEndOffset {
        OffsetForLeaderEpochResponse.TopicResult.EpochEndOffset {
            $0.partition = wanted.partition
            guard let log else {
                $0.errorCode = .unknownTopicOrPartition
                return
            }
            $0.errorCode = log.view.with { $0.epochs.current }.fault(of: wanted.currentLeaderEpoch)
            guard $0.errorCode == .none, let end = log.end(ofEpoch: wanted.leaderEpoch) else {
                return
            }
            $0.leaderEpoch = end.epoch
            $0.endOffset = end.offset
        }
    }

    func deleteRecords(_ request: DeleteRecordsRequest, _ reply: Reply) {
        blocking(reply) { [catalog] in
            var response = DeleteRecordsResponse()
            for wanted in request.topics {
                let topic = catalog.topic(wanted.name)
                let isAllowed = self.allows(reply, .delete, .topic(wanted.name))
                response.topics.append(
                    DeleteRecordsResponse.TopicResult {
                        $0.name = wanted.name
                        $0.partitions = wanted.partitions.map { partition in
                            !isAllowed
                                ? .refused(partition)
                                : Self.delete(
                                    partition, topic, topic?.log(partition.partitionIndex))
                        }
                    })
            }
            do { try catalog.writeStartOffsets() } catch {
                // What was deleted would be back after a crash: say that it was not done.
                response.failAll(.kafkaStorageError)
            }
            reply.send(DeleteRecordsRequest.self, response)
        }
    }

    private static func delete(
        _ wanted: DeleteRecordsRequest.Topic.Partition, _ topic: Topic?, _ log: PartitionLog?
    ) -> DeleteRecordsResponse.TopicResult.PartitionResult {
        DeleteRecordsResponse.TopicResult.PartitionResult {
            $0.partitionIndex = wanted.partitionIndex
            $0.lowWatermark = -1
            guard let log, let topic else {
                $0.errorCode = .unknownTopicOrPartition
                return
            }
            guard topic.setting("cleanup.policy") != "compact" else {
                $0.errorCode = .policyViolation
                return
            }
            let end = log.view.with { $0.highWatermark }
            let offset = wanted.offset == -1 ? end : wanted.offset
            guard offset >= 0, offset <= end else {
                $0.errorCode = .offsetOutOfRange
                return
            }
            do {
                try log.deleteRecords(before: offset)
                $0.lowWatermark = log.view.with { $0.startOffset }
            } catch {
                $0.errorCode = .kafkaStorageError
            }
        }
    }
}

extension DeleteRecordsResponse {
    fileprivate mutating func failAll(_ code: KafkaErrorCode) {
        for topic in topics.indices {
            for partition in topics[topic].partitions.indices {
                topics[topic].partitions[partition].errorCode = code
            }
        }
    }
}

extension ListOffsetsResponse.TopicResponse.PartitionResponse {
    /// Nothing found is offset -1 and no error, and so is what the reader does not see yet.
    fileprivate mutating func set(_ found: FoundRecord?, before end: Int64) {
        guard let found, found.offset < end else { return }
        offset = found.offset
        timestamp = found.timestamp
        leaderEpoch = found.leaderEpoch
    }
}

extension LogReadFault {
    var code: KafkaErrorCode {
        switch self {
        case .outOfRange: .offsetOutOfRange
        case .corrupt: .corruptMessage
        case .storage: .kafkaStorageError
        case .deleted: .unknownTopicOrPartition
        }
    }
}
