// What OffsetCommit and TxnOffsetCommit have in common: offsets asked for, and an error for each.

package import KafkaProtocol
import MillraceBase

/// One partition of a request that commits offsets.
package protocol CommittedPartition: KafkaFields {
    var partitionIndex: Int32 { get }
    var committedOffset: Int64 { get }
    var committedLeaderEpoch: Int32 { get }
    var committedMetadata: String? { get }
}

extension OffsetCommitRequest.Partition: CommittedPartition {}
extension TxnOffsetCommitRequest.Partition: CommittedPartition {}

/// A request that commits offsets.
package protocol CommitsOffsets: NamesTopics {
    associatedtype Partition: CommittedPartition
    var groupID: String { get }
    var topics: [NamedOrIdentifiedTopic<Self, Partition>] { get }
    /// How long the client wants the offsets kept; -1 for as long as the broker says.
    var retentionTimeMilliseconds: Int64 { get }
}

extension OffsetCommitRequest: CommitsOffsets {}

extension TxnOffsetCommitRequest: CommitsOffsets {
    package var retentionTimeMilliseconds: Int64 { -1 }
}

/// The answer: the topics and partitions of the request, and an error for each.
package protocol AnswersOffsets: NamesTopics {
    associatedtype Request: CommitsOffsets
    var topics: [NamedOrIdentifiedTopic<Self, PartitionError>] { get set }
}

extension OffsetCommitResponse: AnswersOffsets {
    package typealias Request = OffsetCommitRequest
}

extension TxnOffsetCommitResponse: AnswersOffsets {
    package typealias Request = TxnOffsetCommitRequest
}

extension AnswersOffsets {
    typealias AskedTopic = NamedOrIdentifiedTopic<Request, Request.Partition>

    init(
        to request: Request, error: (AskedTopic, Request.Partition) -> KafkaErrorCode
    ) {
        self.init()
        topics = request.topics.map { topic in
            NamedOrIdentifiedTopic<Self, PartitionError> {
                $0.name = topic.name
                $0.topicID = topic.topicID
                $0.partitions = topic.partitions.map { partition in
                    PartitionError {
                        $0.partitionIndex = partition.partitionIndex
                        $0.errorCode = error(topic, partition)
                    }
                }
            }
        }
    }

    /// Makes an error of every success.
    mutating func failAccepted(_ error: KafkaErrorCode) {
        for topic in topics.indices {
            for partition in topics[topic].partitions.indices
            where topics[topic].partitions[partition].errorCode == .none {
                topics[topic].partitions[partition].errorCode = error
            }
        }
    }
}

/// The offsets of a request that can be committed, in its order.
struct AcceptedOffsets {
    var offsets: [(place: PartitionName, committed: CommittedOffset)] = []

    var places: [PartitionName] { offsets.map(\.place) }

    func records(of group: String) -> [GroupStoredRecord] {
        offsets.map { place, committed in
            let key = OffsetCommitKey {
                ($0.group, $0.topic, $0.partition) = (group, place.topic, place.partition)
            }
            return .offset(key, committed.value)
        }
    }
}

extension GroupCoordinator {
    /// Looks up what of a request can be committed.
    ///
    /// - Parameter version: of the request.
    /// - Returns: an answer in which only that has no error.
    func accepted<Answer: AnswersOffsets>(
        _ request: Answer.Request, version: Int16
    ) -> (answer: Answer, accepted: AcceptedOffsets) {
        var accepted = AcceptedOffsets()
        let time = clock.milliseconds()
        let answer = Answer(to: request) { topic, partition in
            let place = place(
                name: topic.name, id: topic.topicID,
                byID: version > Answer.Request.lastVersionWithNames,
                partition: partition.partitionIndex, metadata: partition.committedMetadata)
            guard case .success(let name) = place else { return place.error }
            let committed = CommittedOffset(
                offset: partition.committedOffset, leaderEpoch: partition.committedLeaderEpoch,
                metadata: partition.committedMetadata ?? "", committedAtMilliseconds: time,
                retentionMilliseconds: request.retentionTimeMilliseconds, sequence: newSequence())
            accepted.offsets.append(
                (PartitionName(topic: name, partition: partition.partitionIndex), committed))
            return .none
        }
        return (answer, accepted)
    }
}

extension CommittedOffset {
    var value: OffsetCommitValue {
        OffsetCommitValue {
            $0.offset = offset
            $0.leaderEpoch = leaderEpoch
            $0.metadata = metadata
            $0.commitTimestamp = committedAtMilliseconds
            if retentionMilliseconds >= 0 { $0.expireTimestamp = expiresAtMilliseconds }
        }
    }
}
