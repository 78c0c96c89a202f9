// Which sends wait for which delivery reports. Plain values; the producer holds them in a lock.

/// One `send` between its first record and its last report.
struct PendingSend {
    var metadata: [RecordMetadata]
    /// Records handed to librdkafka and not reported yet.
    var unreported = 0
    /// No more records will be handed over.
    var isComplete = false
    var error: KafkaError?
    var continuation: CheckedContinuation<Result<[RecordMetadata], KafkaError>, Never>?

    /// Reports that are missing will not come, or nobody cares for them.
    var hasNothingToWaitFor: Bool {
        guard let error else { return false }
        return error.isFatal || error.isClosed || error.isCancelled
    }

    var result: Result<[RecordMetadata], KafkaError> {
        if let error { .failure(error) } else { .success(metadata) }
    }
}

/// What a record carries through librdkafka and back: a number, never an address.
///
/// The send's number in the upper bits, the record's place in it in the lower; never 0.
struct ReportTicket {
    static let indexBits = 20
    var send: Int
    var index: Int

    init(send: Int, index: Int) {
        self.send = send
        self.index = index
    }

    init(_ opaque: UnsafeMutableRawPointer?) {
        let bits = Int(bitPattern: opaque)
        send = bits >> Self.indexBits
        index = bits & (1 << Self.indexBits - 1)
    }

    var opaque: UnsafeMutableRawPointer? {
        UnsafeMutableRawPointer(bitPattern: send << Self.indexBits | index)
    }
}

/// All sends in flight and those that wait for room in librdkafka's queue.
struct PendingSends {
    private(set) var sends: [Int: PendingSend] = [:]
    private var nextSend = 1
    /// How many times reports came in; a sender that saw a full queue waits until it grew.
    private(set) var reportRounds = 0
    private(set) var unreported = 0
    /// Reports are being taken: already counted, but still filling librdkafka's queue.
    private var isTakingReports = false
    private var roomWaiters: [CheckedContinuation<Void, Never>] = []
    /// Callers that are inside librdkafka just now; it is not destroyed under them.
    private(set) var inside = 0
    /// No new send begins.
    var isClosed = false
    /// No record may be handed over any more.
    var isStopped = false

    /// - Returns: the send's number; `nil` when the producer is closed.
    mutating func begin(records: Int) -> Int? {
        guard !isClosed else { return nil }
        let send = nextSend
        nextSend += 1
        sends[send] = PendingSend(
            metadata: Array(repeating: RecordMetadata(partition: -1, offset: -1), count: records))
        return send
    }

    mutating func enter() { inside += 1 }
    mutating func leave() { inside -= 1 }

    /// Called before the records go out, so that no report can come too early.
    /// - Returns: the round to wait after when the queue is full; `nil` when the send failed.
    mutating func startProducing(_ records: Int, in send: Int) -> Int? {
        guard !isStopped, sends[send]?.error == nil else { return nil }
        unreported += records
        sends[send]?.unreported += records
        enter()
        return reportRounds
    }

    /// - Parameter refused: how many of the expected records were not taken.
    /// - Parameter round: what `startProducing` returned.
    /// - Returns: whether room was made since then, or reports are to come, which make some.
    mutating func stopProducing(refused: Int, in send: Int, since round: Int) -> Bool {
        leave()
        _ = report(refused, in: send) { _ in }
        return unreported > 0 || isTakingReports || reportRounds != round
    }

    mutating func beginRound() { isTakingReports = true }

    /// - Returns: the continuation to resume, if this was all that its send waited for.
    mutating func report(_ records: Int, in send: Int, _ update: (inout PendingSend) -> Void)
        -> Finished?
    {
        unreported -= records
        guard var pending = sends.removeValue(forKey: send) else { return nil }
        pending.unreported -= records
        update(&pending)
        return settle(pending, send)
    }

    /// No more records follow; the caller now waits.
    mutating func complete(
        _ send: Int, error: KafkaError?,
        continuation: CheckedContinuation<Result<[RecordMetadata], KafkaError>, Never>
    ) -> Finished? {
        guard var pending = sends.removeValue(forKey: send) else {
            return Finished(continuation: continuation, result: .failure(.closed))
        }
        pending.isComplete = true
        pending.error = pending.error ?? error
        pending.continuation = continuation
        return settle(pending, send)
    }

    /// Ends a send early; reports that still come for it are only counted.
    mutating func abandon(_ send: Int, _ error: KafkaError) -> Finished? {
        guard let pending = sends.removeValue(forKey: send) else { return nil }
        guard let continuation = pending.continuation else {
            var failed = pending
            failed.error = failed.error ?? error
            sends[send] = failed
            return nil
        }
        return Finished(continuation: continuation, result: .failure(error))
    }

    /// From now on nothing is handed over; what is in flight ends as closed.
    mutating func stop() -> [Finished] {
        isStopped = true
        return sends.keys.compactMap { abandon($0, .closed) }
    }

    mutating func noteRound() -> [CheckedContinuation<Void, Never>] {
        reportRounds += 1
        isTakingReports = false
        defer { roomWaiters.removeAll(keepingCapacity: true) }
        return roomWaiters
    }

    mutating func waitForRoom(
        after round: Int, _ continuation: CheckedContinuation<Void, Never>
    ) -> CheckedContinuation<Void, Never>? {
        guard round == reportRounds, unreported > 0 || isTakingReports, !isStopped else {
            return continuation
        }
        roomWaiters.append(continuation)
        return nil
    }

    private mutating func settle(_ pending: PendingSend, _ send: Int) -> Finished? {
        guard pending.isComplete, pending.unreported == 0 || pending.hasNothingToWaitFor,
            let continuation = pending.continuation
        else {
            sends[send] = pending
            return nil
        }
        return Finished(continuation: continuation, result: pending.result)
    }

    /// A send that is over; resumed outside the lock.
    struct Finished {
        var continuation: CheckedContinuation<Result<[RecordMetadata], KafkaError>, Never>
        var result: Result<[RecordMetadata], KafkaError>

        func resume() { continuation.resume(returning: result) }
    }
}
