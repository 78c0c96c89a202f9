// Transactions of a producer: many records and the offsets they came from, all or none.

import CRdKafka
import Foundation

/// Who a consumer is in its group; `KafkaProducer.send(offsets:of:)` fences it by this.
public struct GroupMembership: Sendable, Equatable {
    /// librdkafka's own serialised form.
    let bytes: [UInt8]
}

/// A producer is transactional when its configuration has `transactional.id`. Its calls go in the order
/// `initTransactions` once, then again and again `beginTransaction`, `send`, `commitTransaction` or
/// `abortTransaction`. After an error whose `needsAbort` is true the transaction can only be aborted;
/// after one whose `isFatal` is true, as when another producer took over the id, make a new producer.
extension KafkaProducer {
    /// Takes the id over, fences whoever had it before, and waits for what that one left to be ended.
    public func initTransactions(wait: Duration = .seconds(60)) async throws(KafkaError) {
        try await blocking { rd_kafka_init_transactions($0, wait.wholeMilliseconds) }
    }

    public func beginTransaction() throws(KafkaError) {
        guard enter() else { throw .closed }
        defer { leave() }
        if let error = rd_kafka_begin_transaction(handle.pointer) {
            throw KafkaError(taking: error)
        }
    }

    /// Waits for all records of the transaction, then decides that they count. Readers of committed
    /// records see them soon after it returns.
    public func commitTransaction(wait: Duration = .seconds(60)) async throws(KafkaError) {
        try await blocking { rd_kafka_commit_transaction($0, wait.wholeMilliseconds) }
    }

    public func abortTransaction(wait: Duration = .seconds(60)) async throws(KafkaError) {
        try await blocking { rd_kafka_abort_transaction($0, wait.wholeMilliseconds) }
    }

    /// Commits a consumer's offsets with this transaction.
    /// - Parameter offsets: of the records to be read next.
    public func send(
        offsets: [TopicPartition: Int64], of membership: GroupMembership,
        wait: Duration = .seconds(60)
    ) async throws(KafkaError) {
        try await blocking { pointer in
            let list = rd_kafka_topic_partition_list_new(Int32(clamping: offsets.count))
            defer { rd_kafka_topic_partition_list_destroy(list) }
            for (place, offset) in offsets {
                rd_kafka_topic_partition_list_add(list, place.topic, place.partition)?
                    .pointee.offset = offset
            }
            var metadata: OpaquePointer?
            let fault = membership.bytes.withUnsafeBytes { bytes in
                rd_kafka_consumer_group_metadata_read(&metadata, bytes.baseAddress, bytes.count)
            }
            if let fault { return fault }
            defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
            return rd_kafka_send_offsets_to_transaction(
                pointer, list, metadata, wait.wholeMilliseconds)
        }
    }

    /// Runs `body` in a transaction: committed when it returns, aborted when it throws.
    /// - Throws: what `body` threw; or why the transaction could be neither committed nor aborted.
    public func transaction<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async throws -> Value {
        try beginTransaction()
        do {
            let value = try await body()
            try await repeating { () throws(KafkaError) in try await self.commitTransaction() }
            return value
        } catch {
            if let error = error as? KafkaError, error.isFatal || error.isClosed { throw error }
            try await repeating { () throws(KafkaError) in try await self.abortTransaction() }
            throw error
        }
    }

    /// A commit whose answer is late is asked for again: it may have happened, and cannot be undone.
    private func repeating(
        _ call: @Sendable () async throws(KafkaError) -> Void
    ) async throws(KafkaError) {
        for _ in 1..<KafkaLimits.transactionTriesMax {
            do { return try await call() } catch {
                guard error.isRetriable, !error.needsAbort, !error.isFatal else { throw error }
            }
        }
        try await call()
    }

    /// librdkafka's transaction calls wait inside: never on a thread of Swift's pool. One that may be
    /// repeated, because its time was up or a broker was away, throws a retriable error.
    private func blocking(
        _ call: @escaping @Sendable (OpaquePointer) -> OpaquePointer?
    ) async throws(KafkaError) {
        // Inside until the call is back, so that nothing is freed under it.
        guard enter() else { throw .closed }
        defer { leave() }
        let failure: KafkaError? = await withCheckedContinuation { continuation in
            let thread = Thread { [handle] in
                let error = call(handle.pointer)
                continuation.resume(returning: error.map { KafkaError(taking: $0) })
            }
            thread.name = "millrace.kafka.transaction"
            thread.start()
        }
        if let failure { throw failure }
    }
}
