// A group's records as an async sequence: the next batch is fetched from the queue when it is asked for.

/// Batches of records, one `for await` at a time. Nothing is taken from librdkafka's bounded queue
/// before the loop's body is done, so a slow body slows the fetching down.
public struct RecordBatches: AsyncSequence, Sendable {
    public typealias Element = ConsumedRecords

    let consumer: KafkaGroupConsumer
    let recordsMax: Int

    public struct Iterator: AsyncIteratorProtocol {
        let consumer: KafkaGroupConsumer
        let recordsMax: Int

        /// - Returns: a batch with at least one record; `nil` when the task was cancelled or the
        ///   consumer closed.
        public mutating func next() async throws -> ConsumedRecords? {
            while !Task.isCancelled {
                do {
                    let records = try await consumer.poll(
                        recordsMax: recordsMax, wait: KafkaLimits.batchWait)
                    if !records.isEmpty { return records }
                } catch {
                    if error.isClosed { return nil }
                    throw error
                }
            }
            return nil
        }
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(consumer: consumer, recordsMax: recordsMax)
    }
}

extension KafkaGroupConsumer {
    /// - Parameter recordsMax: of one batch.
    public nonisolated func batches(recordsMax: Int = 500) -> RecordBatches {
        RecordBatches(consumer: self, recordsMax: recordsMax)
    }
}
