// TxnOffsetCommit, and the end of the transactions that committed offsets.
// Source: apache/kafka OffsetMetadataManager.java; ../shared/reference/kafka.md, B2

package import KafkaProtocol
import Logging
import MillraceBase

extension GroupCoordinator {
    /// The partition of `__consumer_offsets` that keeps a group, for AddOffsetsToTxn.
    package nonisolated func partition(of group: String) -> Int32 {
        Self.partition(of: group, count: storage.partitions)
    }

    /// Makes `__consumer_offsets` if it is not there yet, so that a marker can be written to it.
    ///
    /// - Returns: whether it is there.
    package nonisolated func prepareOffsetsTopic() async -> Bool {
        do throws(GroupStorageError) {
            try await storage.prepare()
            return true
        } catch {
            logger.error("cannot make the offsets topic", metadata: ["because": "\(error)"])
            return false
        }
    }

    /// The same without a wait when it is there already, so that commits keep their order.
    func isPrepared() async -> Bool {
        if storage.isPrepared { return true }
        return await prepareOffsetsTopic()
    }

    /// Keeps offsets as a part of a transaction: nobody sees them before its end.
    ///
    /// The caller has made sure that the producer has an open transaction with the group's
    /// partition in it.
    package func commitTransactionally(
        _ request: TxnOffsetCommitRequest, version: Int16
    ) async -> TxnOffsetCommitResponse {
        let id = request.groupID
        if let error = transactionalCommitError(request) {
            return TxnOffsetCommitResponse(to: request) { _, _ in error }
        }
        guard await isPrepared() else {
            return TxnOffsetCommitResponse(to: request) { _, _ in .coordinatorNotAvailable }
        }
        var accepted: [(key: OffsetCommitKey, offset: CommittedOffset)] = []
        var response = TxnOffsetCommitResponse(to: request) { topic, partition in
            let place = place(
                name: topic.name, id: topic.topicID, byID: version >= 6,
                partition: partition.partitionIndex, metadata: partition.committedMetadata)
            guard case .success(let name) = place else { return place.error }
            let key = OffsetCommitKey {
                ($0.group, $0.topic, $0.partition) = (id, name, partition.partitionIndex)
            }
            let offset = CommittedOffset(
                offset: partition.committedOffset, leaderEpoch: partition.committedLeaderEpoch,
                metadata: partition.committedMetadata ?? "",
                committedAtMilliseconds: clock.milliseconds(), sequence: newSequence())
            accepted.append((key, offset))
            return .none
        }
        guard !accepted.isEmpty else { return response }
        guard hasRoom(for: id) else {
            response.failAccepted(.coordinatorNotAvailable)
            return response
        }
        let producer = GroupProducer(id: request.producerID, epoch: request.producerEpoch)
        // Pending from now on: the marker may come before this call goes on.
        makeIfMissing(id)
        for (key, offset) in accepted {
            groups[id]?.commits.set(
                offset, topic: key.topic, partition: key.partition, producerID: producer.id)
        }
        let records = accepted.map { GroupStoredRecord.offset($0.key, $0.offset.value) }
        if await !append(records, group: id, producer: producer) {
            // What is pending stays so: with the transaction it goes.
            response.failAccepted(.coordinatorNotAvailable)
        }
        return response
    }

    private func transactionalCommitError(_ request: TxnOffsetCommitRequest) -> KafkaErrorCode? {
        if let error = unavailable(group: request.groupID) { return error }
        guard let group = groups[request.groupID] else {
            return request.generationIDOrMemberEpoch >= 0 ? .illegalGeneration : nil
        }
        return group.commitError(
            memberID: request.memberID, instanceID: request.groupInstanceID,
            generation: request.generationIDOrMemberEpoch, isTransactional: true, version: .max)
    }

    /// The marker of a transaction is durable in partitions of `__consumer_offsets`: what it
    /// committed counts now, or never.
    package func transactionEnded(
        partitions: [Int32], producerID: Int64, producerEpoch: Int16, isCommit: Bool
    ) async {
        for id in groups.keys where groups[id]?.commits.hasPending ?? false {
            guard partitions.contains(partition(of: id)) else { continue }
            groups[id]?.commits.transactionEnded(producerID: producerID, isCommit: isCommit)
        }
    }
}

extension TxnOffsetCommitResponse {
    typealias AskedTopic = TxnOffsetCommitRequest.Topic

    /// An answer with the topics and partitions of the request, and an error for each.
    init(
        to request: TxnOffsetCommitRequest,
        error: (AskedTopic, AskedTopic.Partition) -> KafkaErrorCode
    ) {
        self.init()
        topics = request.topics.map { topic in
            Topic {
                $0.name = topic.name
                $0.topicID = topic.topicID
                $0.partitions = topic.partitions.map { partition in
                    Topic.Partition {
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
