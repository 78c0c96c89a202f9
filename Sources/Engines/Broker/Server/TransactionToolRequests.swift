// Transactions as administrators see them: who produces to a partition, and the end of what hangs.
// Source: KIP-664; apache/kafka KafkaApis.scala

import KafkaProtocol
import MillraceBase

extension BrokerCore {
    /// Blocks while appends run.
    func describeProducers(
        _ request: DescribeProducersRequest, _ reply: Reply
    ) -> DescribeProducersResponse {
        typealias Partition = DescribeProducersResponse.Topic.Partition
        return DescribeProducersResponse {
            $0.topics = request.topics.once(by: \.name).map { asked in
                let topic = catalog.topic(asked.name)
                let isAllowed = allows(reply, .read, .topic(asked.name))
                return DescribeProducersResponse.Topic {
                    $0.name = asked.name
                    $0.partitions = asked.partitionIndexes.once().map { index in
                        Partition {
                            $0.partitionIndex = index
                            guard isAllowed else {
                                $0.errorCode = .topicAuthorizationFailed
                                return
                            }
                            guard let log = topic?.log(index) else {
                                $0.errorCode = .unknownTopicOrPartition
                                return
                            }
                            $0.activeProducers = log.producers().map(Partition.ActiveProducer.init)
                        }
                    }
                }
            }
        }
    }

    /// Ends transactions in single partitions, past the coordinator: what `kafka-transactions abort`
    /// does to one that nobody will end.
    func writeMarkers(
        _ request: WriteTxnMarkersRequest, _ reply: Reply
    ) async -> WriteTxnMarkersResponse {
        var response = WriteTxnMarkersResponse()
        let isAllowed =
            allows(reply, .clusterAction, .cluster) || allows(reply, .alter, .cluster)
        for asked in request.markers {
            let marker = TransactionMarker(
                producerID: asked.producerID, producerEpoch: asked.producerEpoch,
                coordinatorEpoch: asked.coordinatorEpoch, isCommit: asked.transactionResult)
            var answer = WriteTxnMarkersResponse.Marker { $0.producerID = asked.producerID }
            for topic in asked.topics {
                var result = WriteTxnMarkersResponse.Marker.Topic { $0.name = topic.name }
                for index in topic.partitionIndexes {
                    let name = PartitionName(topic: topic.name, partition: index)
                    let code =
                        isAllowed ? await write(marker, to: name) : .clusterAuthorizationFailed
                    result.partitions.append(
                        WriteTxnMarkersResponse.Marker.Topic.Partition {
                            $0.partitionIndex = index
                            $0.errorCode = code
                        })
                }
                answer.topics.append(result)
            }
            response.markers.append(answer)
        }
        return response
    }

    /// Leaves out what the client may not see of transactions.
    func hideForbidden(
        _ reply: Reply, _ response: DescribeTransactionsResponse
    ) -> DescribeTransactionsResponse {
        var response = response
        response.transactionStates = response.transactionStates.map { state in
            guard allows(reply, .describe, .transactionalID(state.transactionalID)) else {
                return DescribeTransactionsResponse.TransactionState {
                    $0.transactionalID = state.transactionalID
                    $0.errorCode = .transactionalIDAuthorizationFailed
                }
            }
            var state = state
            state.topics.removeAll { !allows(reply, .describe, .topic($0.topic)) }
            return state
        }
        return response
    }

    func hideForbidden(
        _ reply: Reply, _ response: ListTransactionsResponse
    ) -> ListTransactionsResponse {
        var response = response
        response.transactionStates.removeAll {
            !allows(reply, .describe, .transactionalID($0.transactionalID))
        }
        return response
    }

    private func write(_ marker: TransactionMarker, to name: PartitionName) async -> KafkaErrorCode
    {
        guard let log = catalog.topic(name.topic)?.log(name.partition) else {
            return .unknownTopicOrPartition
        }
        switch await log.appendMarker(marker) {
        case .appended:
            if name.topic == TopicName.consumerOffsets {
                await coordinator.transactionEnded(
                    partitions: [name.partition], producerID: marker.producerID,
                    producerEpoch: marker.producerEpoch, isCommit: marker.isCommit)
            }
            return .none
        case .refused(let fault):
            return fault.code
        }
    }
}

extension DescribeProducersResponse.Partition.ActiveProducer {
    init(_ state: ProducerState) {
        self.init()
        producerID = state.producerID
        producerEpoch = Int32(state.producerEpoch)
        lastSequence = state.lastSequence
        lastTimestamp = state.lastTimestamp
        coordinatorEpoch = state.coordinatorEpoch
        currentTxnStartOffset = state.transactionStartOffset
    }
}
