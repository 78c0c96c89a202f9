// What producers ask of the transaction coordinator.
// Source: apache/kafka TransactionCoordinator.scala, KafkaApis.scala, AddPartitionsToTxnManager.scala

package import KafkaProtocol

extension TransactionCoordinator {
    // MARK: InitProducerId

    package func initProducerID(
        _ request: InitProducerIDRequest, version: Int16
    ) async -> InitProducerIDResponse {
        switch await newIdentity(request) {
        case .success(let identity):
            return InitProducerIDResponse {
                $0.producerID = identity.id
                $0.producerEpoch = identity.epoch
            }
        case .failure(let refusal):
            return InitProducerIDResponse {
                $0.errorCode = refusal.code.fencedBefore(4, version: version)
                $0.producerID = -1
                $0.producerEpoch = -1
            }
        }
    }

    private func newIdentity(
        _ request: InitProducerIDRequest
    ) async -> Result<ProducerIdentity, TransactionRefusal> {
        let named = ProducerIdentity(id: request.producerID, epoch: request.producerEpoch)
        guard (named.id == -1) == (named.epoch == -1) else {
            return .failure(TransactionRefusal(.invalidRequest))
        }
        let expected = named.id == -1 ? nil : named
        guard let id = request.transactionalID else {
            do throws(TransactionStorageError) {
                return .success(ProducerIdentity(id: try await storage.newProducerID(), epoch: 0))
            } catch {
                return .failure(TransactionRefusal(.kafkaStorageError))
            }
        }
        guard !id.isEmpty else { return .failure(TransactionRefusal(.invalidRequest)) }
        let timeout = request.transactionTimeoutMilliseconds
        guard timeout > 0, timeout <= rules.timeoutMillisecondsMax else {
            return .failure(TransactionRefusal(.invalidTransactionTimeout))
        }
        if let error = await makeIfMissing(id, timeoutMilliseconds: timeout) {
            return .failure(TransactionRefusal(error))
        }
        let outcome = await change(id, ends: true) { machine, spare in
            machine.initProducerID(
                timeoutMilliseconds: timeout, expected: expected, spare: spare, now: now)
        }
        return outcome.flatMap { record in
            // Its open transaction is being aborted first; the client asks again.
            record.state == .empty
                ? .success(record.identity) : .failure(TransactionRefusal(.concurrentTransactions))
        }
    }

    /// - Returns: why there is no machine of that id now; `nil` when there is.
    private func makeIfMissing(_ id: String, timeoutMilliseconds: Int32) async -> KafkaErrorCode? {
        if let unavailable { return unavailable }
        if machines[id] != nil { return nil }
        guard hasRoom(for: id) else { return .policyViolation }
        do throws(TransactionStorageError) {
            let producerID = try await storage.newProducerID()
            // Another request may have made it during the wait, or as many others as there may be.
            if machines[id] == nil {
                guard hasRoom(for: id) else { return .policyViolation }
                machines[id] = TransactionMachine(
                    transactionalID: id,
                    record: TransactionRecord(
                        producerID: producerID, timeoutMilliseconds: timeoutMilliseconds, now: now))
            }
            return nil
        } catch {
            return .coordinatorNotAvailable
        }
    }

    private func hasRoom(for id: String) -> Bool {
        machines.count < Limits.transactionalIDsMax
            && roomBytes >= KeptTable<TransactionMachine>.entryBytes(id)
    }

    /// Bytes that ids and partitions may still take.
    private var roomBytes: Int { rules.transactionsBytesMax - machines.keptBytes }

    // MARK: Partitions

    /// Adds partitions to a producer's transaction, and begins it with the first ones.
    package func addPartitions(
        _ partitions: Set<PartitionName>, to id: String, by producer: ProducerIdentity,
        version: TransactionVersion
    ) async -> KafkaErrorCode {
        guard !id.isEmpty else { return .invalidRequest }
        return await change(id) { machine, _ in
            let new = partitions.subtracting(machine.record.partitions).count
            guard new == 0 || new * Limits.transactionPartitionBytes <= roomBytes else {
                return .refused(.policyViolation)
            }
            return machine.addPartitions(partitions, by: producer, version: version, now: now)
        }.code
    }

    /// Whether a producer's transaction has these partitions.
    package func verify(
        _ partitions: [PartitionName], of id: String, by producer: ProducerIdentity
    ) async -> [KafkaErrorCode] {
        guard !id.isEmpty else { return partitions.map { _ in .invalidRequest } }
        await settle(id)
        if let unavailable { return partitions.map { _ in unavailable } }
        guard let machine = machines[id] else {
            return partitions.map { _ in .invalidProducerIDMapping }
        }
        return partitions.map { machine.verify($0, by: producer) }
    }

    /// Lets a producer append offsets to its transaction; it cannot end until `release`.
    ///
    /// - Parameter isImplicit: whether the partition is added (TxnOffsetCommit 5), or must be there.
    /// - Returns: why not; the transaction is not held then.
    package func holdForOffsets(
        in partition: PartitionName, of id: String, by producer: ProducerIdentity, isImplicit: Bool
    ) async -> KafkaErrorCode? {
        if isImplicit {
            let error = await addPartitions([partition], to: id, by: producer, version: .epochBump)
            if error != .none { return error }
        }
        await settle(id)
        if let unavailable { return unavailable }
        guard let machine = machines[id] else { return .invalidProducerIDMapping }
        // Nothing comes between this answer and the hold.
        let error = machine.verify(partition, by: producer)
        if error != .none { return error }
        hold(id)
        return nil
    }

    // MARK: The end

    package func end(_ request: EndTxnRequest, version: Int16) async -> EndTxnResponse {
        let id = request.transactionalID
        guard !id.isEmpty else { return EndTxnResponse { $0.errorCode = .invalidRequest } }
        let producer = ProducerIdentity(id: request.producerID, epoch: request.producerEpoch)
        let outcome = await change(id, ends: true) { machine, spare in
            machine.end(
                isCommit: request.committed, by: producer,
                version: version >= 5 ? .epochBump : .classic, spare: spare, now: now)
        }
        return EndTxnResponse {
            switch outcome {
            case .success(let record):
                $0.producerID = record.identityWhenComplete.id
                $0.producerEpoch = record.identityWhenComplete.epoch
            case .failure(let refusal):
                $0.errorCode = refusal.code.fencedBefore(2, version: version)
            }
        }
    }
}

extension TransactionCoordinator.Outcome {
    var code: KafkaErrorCode {
        switch self {
        case .success: .none
        case .failure(let refusal): refusal.code
        }
    }
}

extension KafkaErrorCode {
    /// Versions that do not know PRODUCER_FENCED are told INVALID_PRODUCER_EPOCH.
    func fencedBefore(_ known: Int16, version: Int16) -> KafkaErrorCode {
        self == .producerFenced && version < known ? .invalidProducerEpoch : self
    }
}
