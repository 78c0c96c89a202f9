// What tools ask of the transaction coordinator.
// Source: KIP-664, KIP-994, KIP-1152; apache/kafka TransactionStateManager.listTransactionStates

package import KafkaProtocol

extension TransactionCoordinator {
    package func describe(_ request: DescribeTransactionsRequest) -> DescribeTransactionsResponse {
        DescribeTransactionsResponse {
            $0.transactionStates = request.transactionalIDs.once().map(describe)
        }
    }

    private func describe(_ id: String) -> DescribeTransactionsResponse.TransactionState {
        DescribeTransactionsResponse.TransactionState {
            $0.transactionalID = id
            if let unavailable {
                $0.errorCode = unavailable
                return
            }
            guard !id.isEmpty else {
                $0.errorCode = .invalidRequest
                return
            }
            guard let record = machines[id]?.record, record.state != .dead, record.epoch != -1
            else {
                $0.errorCode = .transactionalIDNotFound
                return
            }
            $0.transactionState = record.state.name
            $0.transactionTimeoutMilliseconds = record.timeoutMilliseconds
            $0.transactionStartTimeMilliseconds = record.startedAtMilliseconds
            $0.producerID = record.producerID
            $0.producerEpoch = record.epoch
            let byTopic = Dictionary(grouping: record.partitions, by: \.topic)
            $0.topics = byTopic.keys.sorted().map { topic in
                DescribeTransactionsResponse.TransactionState.Topic {
                    $0.topic = topic
                    $0.partitions = (byTopic[topic] ?? []).map(\.partition).sorted()
                }
            }
        }
    }

    package func list(_ request: ListTransactionsRequest) -> ListTransactionsResponse {
        if let unavailable { return ListTransactionsResponse { $0.errorCode = unavailable } }
        var pattern: TopicPattern?
        if let text = request.transactionalIDPattern, !text.isEmpty {
            do throws(TopicPatternError) {
                pattern = try TopicPattern(text)
            } catch {
                return ListTransactionsResponse { $0.errorCode = .invalidRegularExpression }
            }
        }
        let states = Set(request.stateFilters.compactMap(TransactionState.init(name:)))
        let producers = Set(request.producerIDFilters)
        let time = now
        return ListTransactionsResponse {
            $0.unknownStateFilters = request.stateFilters.filter {
                TransactionState(name: $0) == nil
            }
            for (id, machine) in machines.sorted(by: { $0.key < $1.key }) {
                let record = machine.record
                if record.state == .dead || record.epoch == -1 { continue }
                if !producers.isEmpty && !producers.contains(record.producerID) { continue }
                if !request.stateFilters.isEmpty && !states.contains(record.state) { continue }
                let age = time - record.startedAtMilliseconds
                if request.durationFilter >= 0 && age <= request.durationFilter { continue }
                if let pattern, !pattern.matches(id) { continue }
                $0.transactionStates.append(
                    ListTransactionsResponse.TransactionState {
                        $0.transactionalID = id
                        $0.producerID = record.producerID
                        $0.transactionState = record.state.name
                    })
            }
        }
    }
}
