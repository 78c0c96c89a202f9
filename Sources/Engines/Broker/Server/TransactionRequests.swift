// The requests of transactional producers, handed to their coordinator.
// Source: apache/kafka KafkaApis.scala

import KafkaProtocol
import MillraceBase

extension BrokerCore {
    /// Those of `handleTransaction` that are served.
    static let transactionKeys: [ApiKey] = [
        .addPartitionsToTxn, .addOffsetsToTxn, .endTxn, .writeTxnMarkers, .txnOffsetCommit,
        .describeProducers, .describeTransactions, .listTransactions,
    ]

    /// Answers the APIs of transactions.
    func handleTransaction(_ request: IncomingRequest, _ reply: Reply) throws(WireError) {
        let version = reply.header.apiVersion
        switch request.key {
        case .addPartitionsToTxn:
            let add: AddPartitionsToTxnRequest = try read(request)
            later(AddPartitionsToTxnRequest.self, reply) { await self.addPartitions(add, reply) }
        case .addOffsetsToTxn:
            let add: AddOffsetsToTxnRequest = try read(request)
            later(AddOffsetsToTxnRequest.self, reply) { await self.addOffsets(add, reply) }
        case .endTxn:
            let end: EndTxnRequest = try read(request)
            guard allowsTransaction(reply, end.transactionalID) else {
                let refusal = EndTxnResponse { $0.errorCode = .transactionalIDAuthorizationFailed }
                return reply.send(EndTxnRequest.self, refusal)
            }
            later(EndTxnRequest.self, reply) { await self.transactions.end(end, version: version) }
        case .txnOffsetCommit:
            let commit: TxnOffsetCommitRequest = try read(request)
            later(TxnOffsetCommitRequest.self, reply) { await self.commitOffsets(commit, reply) }
        case .writeTxnMarkers:
            let write: WriteTxnMarkersRequest = try read(request)
            later(WriteTxnMarkersRequest.self, reply) { await self.writeMarkers(write, reply) }
        case .describeProducers:
            let describe: DescribeProducersRequest = try read(request)
            blocking(reply) {
                reply.send(DescribeProducersRequest.self, self.describeProducers(describe, reply))
            }
        case .describeTransactions:
            let describe: DescribeTransactionsRequest = try read(request)
            later(DescribeTransactionsRequest.self, reply) {
                self.hideForbidden(reply, await self.transactions.describe(describe))
            }
        case .listTransactions:
            let list: ListTransactionsRequest = try read(request)
            later(ListTransactionsRequest.self, reply) {
                self.hideForbidden(reply, await self.transactions.list(list))
            }
        default:
            throw WireError(.unsupported(Int(request.header.apiKey)), in: "API key of transactions")
        }
    }

    func initProducerID(_ request: InitProducerIDRequest, _ reply: Reply) {
        let version = reply.header.apiVersion
        var refusal: KafkaErrorCode?
        if let id = request.transactionalID {
            if !allowsTransaction(reply, id) { refusal = .transactionalIDAuthorizationFailed }
        } else if !allowsIdempotentWrite(reply) {
            refusal = .clusterAuthorizationFailed
        }
        if let refusal {
            let response = InitProducerIDResponse {
                $0.errorCode = refusal
                $0.producerEpoch = -1
            }
            return reply.send(InitProducerIDRequest.self, response)
        }
        later(InitProducerIDRequest.self, reply) {
            await self.transactions.initProducerID(request, version: version)
        }
    }

    /// Whether the client may write in the name of a transactional id.
    func allowsTransaction(_ reply: Reply, _ id: String) -> Bool {
        allows(reply, .write, .transactionalID(id))
    }

    private func later<Request: KafkaRequest>(
        _ type: Request.Type, _ reply: Reply,
        _ answer: @escaping @Sendable () async -> Request.Response
    ) {
        let taken = tasks.submit { reply.send(type, await answer()) }
        if !taken { reply.close() }
    }

    // MARK: Partitions

    private typealias AddResult = AddPartitionsToTxnResponse.TopicResult

    private func addPartitions(
        _ request: AddPartitionsToTxnRequest, _ reply: Reply
    ) async -> AddPartitionsToTxnResponse {
        var response = AddPartitionsToTxnResponse()
        guard reply.header.apiVersion >= 4 else {
            let transaction = AddPartitionsToTxnRequest.Transaction {
                $0.transactionalID = request.transactionalID
                $0.producerID = request.producerID
                $0.producerEpoch = request.producerEpoch
                $0.topics = request.topics
            }
            response.resultsByTopic = await addPartitions(transaction, reply)
            return response
        }
        guard allows(reply, .clusterAction, .cluster) else {
            response.errorCode = .clusterAuthorizationFailed
            return response
        }
        for transaction in request.transactions {
            let results = await addPartitions(transaction, reply)
            response.resultsByTransaction.append(
                AddPartitionsToTxnResponse.TransactionResult {
                    $0.transactionalID = transaction.transactionalID
                    $0.topicResults = results
                })
        }
        return response
    }

    private func addPartitions(
        _ request: AddPartitionsToTxnRequest.Transaction, _ reply: Reply
    ) async -> [AddResult] {
        let version = reply.header.apiVersion
        let names = request.topics.flatMap { topic in
            topic.partitions.map { PartitionName(topic: topic.name, partition: $0) }
        }
        var errors: [PartitionName: KafkaErrorCode] = [:]
        let byClient = version < 4
        let forbidden = names.filter { byClient && !allows(reply, .write, .topic($0.topic)) }
        let missing = names.filter { catalog.topic($0.topic)?.log($0.partition) == nil }
        let producer = ProducerIdentity(id: request.producerID, epoch: request.producerEpoch)
        if byClient && !allowsTransaction(reply, request.transactionalID) {
            for name in names { errors[name] = .transactionalIDAuthorizationFailed }
        } else if !missing.isEmpty || !forbidden.isEmpty {
            // All or none: those that could have been added are told so.
            for name in names { errors[name] = .operationNotAttempted }
            for name in missing { errors[name] = .unknownTopicOrPartition }
            for name in forbidden { errors[name] = .topicAuthorizationFailed }
        } else if request.verifyOnly {
            let codes = await transactions.verify(
                names, of: request.transactionalID, by: producer)
            for (name, code) in zip(names, codes) { errors[name] = code }
        } else {
            let code = await transactions.addPartitions(
                Set(names), to: request.transactionalID, by: producer, version: .classic)
            for name in names { errors[name] = code }
        }
        return request.topics.map { topic in
            AddResult {
                $0.name = topic.name
                $0.resultsByPartition = topic.partitions.map { partition in
                    let name = PartitionName(topic: topic.name, partition: partition)
                    return AddPartitionsToTxnResponse.PartitionResult {
                        $0.partitionIndex = partition
                        $0.partitionErrorCode = (errors[name] ?? .none).fencedBefore(
                            2, version: version)
                    }
                }
            }
        }
    }

    // MARK: Offsets

    private func offsetsPartition(of group: String) -> PartitionName {
        PartitionName(
            topic: TopicName.consumerOffsets, partition: coordinator.partition(of: group))
    }

    private func addOffsets(
        _ request: AddOffsetsToTxnRequest, _ reply: Reply
    ) async -> AddOffsetsToTxnResponse {
        guard allowsTransaction(reply, request.transactionalID) else {
            return AddOffsetsToTxnResponse { $0.errorCode = .transactionalIDAuthorizationFailed }
        }
        guard allows(reply, .read, .group(request.groupID)) else {
            return AddOffsetsToTxnResponse { $0.errorCode = .groupAuthorizationFailed }
        }
        guard await coordinator.prepareOffsetsTopic() else {
            return AddOffsetsToTxnResponse { $0.errorCode = .coordinatorNotAvailable }
        }
        let code = await transactions.addPartitions(
            [offsetsPartition(of: request.groupID)], to: request.transactionalID,
            by: ProducerIdentity(id: request.producerID, epoch: request.producerEpoch),
            version: .classic)
        return AddOffsetsToTxnResponse {
            $0.errorCode = code.fencedBefore(2, version: reply.header.apiVersion)
        }
    }

    private func commitOffsets(
        _ request: TxnOffsetCommitRequest, _ reply: Reply
    ) async -> TxnOffsetCommitResponse {
        guard allowsTransaction(reply, request.transactionalID) else {
            return TxnOffsetCommitResponse(to: request) { _, _ in
                .transactionalIDAuthorizationFailed
            }
        }
        guard allows(reply, .read, .group(request.groupID)) else {
            return TxnOffsetCommitResponse(to: request) { _, _ in .groupAuthorizationFailed }
        }
        let version = reply.header.apiVersion
        let forbidden = request.topics.filter { topic in
            let name = version >= 6 ? catalog.topic(topic.topicID)?.name : topic.name
            return !(name.map { allows(reply, .read, .topic($0)) } ?? true)
        }
        guard forbidden.isEmpty else {
            return await commitOffsets(request, without: forbidden, reply)
        }
        return await commitAllowedOffsets(request, version)
    }

    /// Commits what may be committed, and says of the rest that it may not.
    private func commitOffsets(
        _ request: TxnOffsetCommitRequest, without forbidden: [TxnOffsetCommitRequest.Topic],
        _ reply: Reply
    ) async -> TxnOffsetCommitResponse {
        var allowed = request
        allowed.topics.removeAll { forbidden.contains($0) }
        var refused = request
        refused.topics = forbidden
        var response = await commitAllowedOffsets(allowed, reply.header.apiVersion)
        response.topics +=
            TxnOffsetCommitResponse(to: refused) { _, _ in .topicAuthorizationFailed }.topics
        return response
    }

    private func commitAllowedOffsets(
        _ request: TxnOffsetCommitRequest, _ version: Int16
    ) async -> TxnOffsetCommitResponse {
        guard await coordinator.prepareOffsetsTopic() else {
            return TxnOffsetCommitResponse(to: request) { _, _ in .coordinatorNotAvailable }
        }
        let use = TransactionUse(offsetCommitVersion: version)
        let refusal = await transactions.holdForOffsets(
            in: offsetsPartition(of: request.groupID), of: request.transactionalID,
            by: ProducerIdentity(id: request.producerID, epoch: request.producerEpoch),
            isImplicit: use == .addsImplicitly)
        if let refusal {
            let code = use.offsetCommitError(refusal)
            return TxnOffsetCommitResponse(to: request) { _, _ in code }
        }
        let response = await coordinator.commitTransactionally(request, version: version)
        await transactions.release(request.transactionalID)
        return response
    }
}
