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
        var (response, accepted): (TxnOffsetCommitResponse, AcceptedOffsets) = accepted(
            request, version: version)
        guard !accepted.offsets.isEmpty else { return response }
        guard hasRoom(for: id) else {
            response.failAccepted(.coordinatorNotAvailable)
            return response
        }
        let producer = GroupProducer(id: request.producerID, epoch: request.producerEpoch)
        // Pending from now on: the marker may come before this call goes on.
        makeIfMissing(id)
        for (place, offset) in accepted.offsets {
            groups[id]?.commits.set(
                offset, topic: place.topic, partition: place.partition, producerID: producer.id)
        }
        if await !append(accepted.records(of: id), group: id, producer: producer) {
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
