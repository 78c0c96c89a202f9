// An idempotent producer: many records in, one wait, where each of them was written out.

import CRdKafka
import Foundation
public import Logging
import Synchronization

/// Writes records so that each is acknowledged by all in-sync replicas, exactly once for as long as
/// this producer lives, in the order of one `send` within each partition.
///
/// One thread polls librdkafka for delivery reports; it keeps the producer alive until `close`.
/// After a fatal error make a new producer, and close this one.
public final class KafkaProducer: Sendable {
    let handle: KafkaHandle
    private let topics = Mutex<[String: TopicHandle]>([:])
    private let pending = Mutex(PendingSends())
    private let stopsPolling = Atomic(false)
    private let threadEnded = OneTimeSignal()

    /// `@unchecked Sendable`: librdkafka's topic handles may be used from any thread, and these
    /// live until the producer's thread, the last user, destroys them.
    private struct TopicHandle: @unchecked Sendable { let pointer: OpaquePointer }

    /// Does not wait for a broker: an unreachable one shows in `state` and fails sends in time.
    public init(
        _ configuration: KafkaConfiguration, logger: Logger = Logger(label: "millrace.kafka")
    ) throws(KafkaError) {
        handle = try KafkaHandle(
            RD_KAFKA_PRODUCER, configuration, defaults: configuration.producerDefaults,
            logger: logger)
        let thread = Thread { [self] in pollReports() }
        thread.name = "millrace.kafka.reports"
        thread.start()
    }

    /// Keeps the handle alive for a call of librdkafka until `leave`.
    /// - Returns: `false` when the producer is closed.
    func enter() -> Bool {
        pending.withLock { pending in
            guard !pending.isClosed, !pending.isStopped else { return false }
            pending.enter()
            return true
        }
    }

    func leave() { pending.withLock { $0.leave() } }

    public var state: KafkaConnectionState { handle.state }

    /// librdkafka's statistics as JSON text, when `statistics.interval.ms` is set in the configuration.
    public var statistics: String? { handle.statistics }

    /// Records handed over and not acknowledged yet.
    public var unacknowledged: Int { pending.withLock { $0.unreported } }

    /// Sends all records and waits until all of them are acknowledged.
    ///
    /// Waits for room when librdkafka's queue is full. When it throws, any of the records may have
    /// been written; a retry may write them twice. Cancelling ends the wait, not the writing.
    /// - Returns: where each record is, in the order of the input.
    public func send(_ records: [ProducerRecord]) async throws(KafkaError) -> [RecordMetadata] {
        if records.count <= KafkaLimits.sendRecordsMax { return try await send(records[...]) }
        var metadata: [RecordMetadata] = []
        var rest = records[...]
        while !rest.isEmpty {
            metadata += try await send(rest.prefix(KafkaLimits.sendRecordsMax))
            rest = rest.dropFirst(KafkaLimits.sendRecordsMax)
        }
        return metadata
    }

    private func send(_ records: ArraySlice<ProducerRecord>) async throws(KafkaError)
        -> [RecordMetadata]
    {
        guard !records.isEmpty else { return [] }
        guard let send = pending.withLock({ $0.begin(records: records.count) }) else {
            throw .closed
        }
        let error = await enqueue(records, as: send)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pending.withLock {
                    $0.complete(send, error: error, continuation: continuation)
                }?.resume()
                if Task.isCancelled { pending.withLock { $0.abandon(send, .cancelled) }?.resume() }
            }
        } onCancel: {
            pending.withLock { $0.abandon(send, .cancelled) }?.resume()
        }
        return try result.get()
    }

    /// Hands records to librdkafka, in order. Stops at the first it refuses.
    private func enqueue(_ records: ArraySlice<ProducerRecord>, as send: Int) async -> KafkaError? {
        var next = records.startIndex
        while next < records.endIndex {
            if Task.isCancelled { return .cancelled }
            let end = min(next + KafkaLimits.enqueueRecordsMax, records.endIndex)
            let start = next
            guard let round = pending.withLock({ $0.startProducing(end - start, in: send) }) else {
                return .closed
            }
            let (stopped, error) = produce(records, start..<end, as: send)
            let hasReportsToCome = pending.withLock {
                $0.stopProducing(refused: end - stopped, in: send, since: round)
            }
            next = stopped
            guard let error else {
                await Task.yield()
                continue
            }
            let isFull = error.code == RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue
            guard isFull, hasReportsToCome else { return error }
            await withCheckedContinuation { continuation in
                pending.withLock { $0.waitForRoom(after: round, continuation) }?.resume()
            }
        }
        return nil
    }

    /// - Returns: the first record not taken, and why it was not.
    private func produce(
        _ records: ArraySlice<ProducerRecord>, _ range: Range<Int>, as send: Int
    ) -> (stopped: Int, error: KafkaError?) {
        var message = ProducedMessage()
        var topic: (name: String, handle: TopicHandle)?
        for index in range {
            let name = records[index].topic
            if topic?.name != name {
                switch topicHandle(name) {
                case .success(let handle): topic = (name, handle)
                case .failure(let error): return (index, error)
                }
            }
            guard let topic else { return (index, .closed) }
            let ticket = ReportTicket(send: send, index: index - records.startIndex)
            if let error = message.produce(
                records[index], to: topic.handle.pointer, of: handle.pointer, ticket: ticket)
            {
                return (index, error.isFatal ? handle.fatalError ?? error : error)
            }
        }
        return (range.upperBound, nil)
    }

    private func topicHandle(_ name: String) -> Result<TopicHandle, KafkaError> {
        topics.withLock { topics in
            if let known = topics[name] { return .success(known) }
            guard let pointer = rd_kafka_topic_new(handle.pointer, name, nil) else {
                return .failure(KafkaError(rd_kafka_last_error(), topic: name))
            }
            let made = TopicHandle(pointer: pointer)
            topics[name] = made
            return .success(made)
        }
    }

    /// Waits for what is in flight, then gives up what is left and frees everything. Takes at most
    /// `closeFlushMilliseconds` and twice `closeWait`; sends that did not finish throw.
    public func close() async {
        let isFirst = pending.withLock { pending in
            defer { pending.isClosed = true }
            return !pending.isClosed
        }
        if isFirst {
            await finishInFlight()
            // Entered, so that the thread does not free its queue before it is woken.
            pending.withLock { $0.enter() }
            stopsPolling.store(true, ordering: .releasing)
            rd_kafka_queue_yield(handle.mainQueue)
            pending.withLock { $0.leave() }
        }
        await threadEnded.wait(atMost: KafkaLimits.closeWait)
    }

    /// Blocks a thread of its own; goes on even if the caller was cancelled. Records that nobody
    /// waits for are not waited for here either.
    private func finishInFlight() async {
        let finished = OneTimeSignal()
        let isAwaited = pending.withLock { !$0.sends.isEmpty }
        let thread = Thread { [handle] in
            if isAwaited { rd_kafka_flush(handle.pointer, KafkaLimits.closeFlushMilliseconds) }
            rd_kafka_purge(handle.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
            finished.signal()
        }
        thread.name = "millrace.kafka.close"
        thread.start()
        await finished.wait(
            atMost: .milliseconds(KafkaLimits.closeFlushMilliseconds) + KafkaLimits.closeWait)
    }
}

// MARK: - The report thread

extension KafkaProducer {
    private func pollReports() {
        while true {
            let stops = stopsPolling.load(ordering: .acquiring)
            guard
                let event = rd_kafka_queue_poll(
                    handle.mainQueue, stops ? 0 : KafkaLimits.reportPollMilliseconds)
            else {
                if stops { break }
                continue
            }
            if rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR {
                takeReports(event)
            } else {
                handle.take(event)
                rd_kafka_event_destroy(event)
            }
        }
        for finished in pending.withLock({ $0.stop() }) { finished.resume() }
        while pending.withLock({ $0.inside }) > 0 {
            // A commit that still waits, waits for reports.
            guard
                let event = rd_kafka_queue_poll(
                    handle.mainQueue, KafkaLimits.closePollMilliseconds)
            else { continue }
            if rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR {
                takeReports(event)
            } else {
                handle.take(event)
                rd_kafka_event_destroy(event)
            }
        }
        for waiter in pending.withLock({ $0.noteRound() }) { waiter.resume() }
        for topic in topics.withLock({ $0 }).values { rd_kafka_topic_destroy(topic.pointer) }
        handle.destroy()
        threadEnded.signal()
    }

    /// Settles runs of reports of one send at a time; one send's reports mostly come together.
    private func takeReports(_ event: OpaquePointer) {
        pending.withLock { $0.beginRound() }
        let count = rd_kafka_event_message_count(event)
        let messages = [UnsafePointer<rd_kafka_message_t>?](unsafeUninitializedCapacity: count) {
            $1 = rd_kafka_event_message_array(event, $0.baseAddress, count)
        }
        var finished: [PendingSends.Finished] = []
        var isConnected = false
        var start = 0
        while start < messages.count {
            let send = ReportTicket(messages[start]?.pointee._private).send
            var end = start + 1
            while end < messages.count,
                ReportTicket(messages[end]?.pointee._private).send == send
            { end += 1 }
            let run = start..<end
            let done = pending.withLock { pending in
                pending.report(run.count, in: send) { entry in
                    for index in run {
                        guard let message = messages[index]?.pointee else { continue }
                        isConnected = isConnected || message.err == RD_KAFKA_RESP_ERR_NO_ERROR
                        note(message, in: &entry)
                    }
                }
            }
            if let done { finished.append(done) }
            start = end
        }
        // Only destroying the event makes room in librdkafka's queue.
        rd_kafka_event_destroy(event)
        let waiters = pending.withLock { $0.noteRound() }
        if isConnected { handle.noteConnected() }
        for waiter in waiters { waiter.resume() }
        for send in finished { send.resume() }
    }

    private func note(_ message: rd_kafka_message_t, in entry: inout PendingSend) {
        if message.err == RD_KAFKA_RESP_ERR_NO_ERROR {
            let index = ReportTicket(message._private).index
            guard entry.metadata.indices.contains(index) else { return }
            entry.metadata[index] = RecordMetadata(
                partition: message.partition, offset: message.offset)
        } else if entry.error == nil {
            let topic = String(cString: rd_kafka_topic_name(message.rkt))
            entry.error =
                handle.fatalError
                ?? KafkaError(
                    message.err, topic: topic, partition: message.partition)
        }
    }
}
