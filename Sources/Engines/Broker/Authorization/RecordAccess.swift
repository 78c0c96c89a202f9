// What is answered about partitions whose records the client may not see or delete.

import KafkaProtocol
import NIOCore

extension ListOffsetsResponse.TopicResponse.PartitionResponse {
    static func refused(_ wanted: ListOffsetsRequest.Topic.Partition) -> Self {
        Self {
            $0.partitionIndex = wanted.partitionIndex
            $0.errorCode = .topicAuthorizationFailed
        }
    }
}

extension OffsetForLeaderEpochResponse.TopicResult.EpochEndOffset {
    static func refused(_ wanted: OffsetForLeaderEpochRequest.Topic.Partition) -> Self {
        Self {
            $0.partition = wanted.partition
            $0.errorCode = .topicAuthorizationFailed
        }
    }
}

extension DeleteRecordsResponse.TopicResult.PartitionResult {
    static func refused(_ wanted: DeleteRecordsRequest.Topic.Partition) -> Self {
        Self {
            $0.partitionIndex = wanted.partitionIndex
            $0.lowWatermark = -1
            $0.errorCode = .topicAuthorizationFailed
        }
    }
}

extension BrokerCore {
    /// Starts the work on a request, and notes the time of this thread that it takes. Work on other
    /// threads, which waits for files, is not counted.
    ///
    /// - Parameter work: given the way back, with the wait that earlier requests have earned.
    func timed(_ reply: Reply, _ work: (Reply) -> Void) {
        guard quotas.isInUse else { return work(reply) }
        let user = reply.principal.name
        let clientID = reply.header.clientID
        let wait = quotas.record(.requestPercentage, 0, user: user, clientID: clientID)
        let began = NIODeadline.now()
        work(wait > 0 ? reply.throttled(wait) : reply)
        let seconds = Double((NIODeadline.now() - began).nanoseconds) / 1e9
        _ = quotas.record(.requestPercentage, seconds * 100, user: user, clientID: clientID)
    }

    /// How a client of a fetch or a produce request is over its quota of bytes.
    /// - Returns: the way back to it, with the time it has to wait.
    func metered(_ key: QuotaKey, bytes: Int, _ reply: Reply) -> Reply {
        let wait = quotas.record(
            key, Double(bytes), user: reply.principal.name, clientID: reply.header.clientID)
        return wait > 0 ? reply.throttled(wait) : reply
    }
}
