// The transaction coordinator: machines of all transactional ids, their records, markers and timers.
// Source: reference/kafka.md B2; apache/kafka TransactionCoordinator.scala, TransactionStateManager.scala

import KafkaProtocol
package import Logging
package import MillraceBase

/// Answers the requests of transactional producers. What decides is `TransactionMachine`; this actor
/// owns the machines, keeps each change before it is answered, and writes the markers behind it.
///
/// Call `load` before the first request and keep `run` running while requests come: it writes the
/// markers of decided transactions and ends those whose time is over.
package actor TransactionCoordinator {
    var machines: KeptTable<TransactionMachine> = [:]
    let storage: any TransactionStorage
    nonisolated let rules: TransactionRules
    let clock: WallClock
    let logger: Logger
    private let elapsedMilliseconds: @Sendable () -> Int64
    /// When open transactions are ended, on the steady clock.
    private(set) var deadlines: [String: Int64] = [:]
    /// Requests that wait for the end of a change.
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
    /// Requests that append to a transaction on their own, such as TxnOffsetCommit: it cannot end
    /// before they have, or what they append would belong to nobody.
    private var holds: [String: Int] = [:]
    /// Ids whose markers are being written.
    private var completing: Set<String> = []
    /// Ids whose last record was not kept: that is logged once, until one is.
    private(set) var unkept: Set<String> = []
    private let decided: AsyncStream<String>
    private let decide: AsyncStream<String>.Continuation
    private var isLoaded = false
    private var isStopped = false
    private var nextExpiryRound: Int64 = 0

    /// - Parameters:
    ///   - clock: the time of day, for what is written down.
    ///   - elapsedMilliseconds: a steady clock, for time-outs.
    package init(
        storage: any TransactionStorage, rules: TransactionRules = TransactionRules(),
        clock: WallClock = .system,
        elapsedMilliseconds: (@Sendable () -> Int64)? = nil, logger: Logger
    ) {
        self.storage = storage
        self.rules = rules
        self.clock = clock
        self.logger = logger
        let start = ContinuousClock.now
        self.elapsedMilliseconds =
            elapsedMilliseconds ?? { Int64((ContinuousClock.now - start) / .milliseconds(1)) }
        // Bounded by `Limits.transactionalIDsMax`: an id is yielded when its machine comes into an
        // ending state (`write`, or `load` once), and it leaves that state only in `complete`, which
        // `run` calls with what it took from here. So each id is in here, or in work, at most once. A
        // buffer that drops would leave a decided transaction without its markers.
        (decided, decide) = AsyncStream.makeStream(of: String.self)
    }

    var now: Int64 { clock.milliseconds() }

    /// Reads what the topic holds. Until then every answer is COORDINATOR_LOAD_IN_PROGRESS.
    package func load() async throws(TransactionStorageError) {
        let replay = TransactionReplay()
        try await storage.replay { replay.add($0) }
        let (records, skipped) = replay.result
        if skipped > 0 {
            logger.warning(
                "records of the transaction topic were not understood and left out",
                metadata: ["count": "\(skipped)"])
        }
        for (id, record) in records where record.state != .dead {
            machines[id] = TransactionMachine(transactionalID: id, record: record)
            if record.state == .ongoing {
                // The time of day says how much of its time is used up; never more than all of it.
                let timeout = Int64(record.timeoutMilliseconds)
                let used = min(max(now - record.startedAtMilliseconds, 0), timeout)
                deadlines[id] = elapsedMilliseconds() + timeout - used
            }
            if record.state.isEnding { decide.yield(id) }
        }
        isLoaded = true
    }

    /// Writes markers and ends what is overdue, until cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            // All are children of this group, which waits for them before `stop`. The timer ends when it is
            // cancelled. Endings of different ids touch different records of the actor's state, and those
            // of one id exclude each other in `complete`, so many may wait for their logs at once.
            group.addTask { await self.runTimer() }
            for await id in decided { group.addTask { await self.complete(id) } }
            group.cancelAll()
        }
        stop()
    }

    private func runTimer() async {
        while !Task.isCancelled {
            await timePassed()
            // So that requests that wait too long see that they do.
            for id in waiting.keys { wake(id) }
            let wait = (deadlines.values.min() ?? .max) - elapsedMilliseconds()
            let bounded = min(max(wait, 1), Limits.transactionTimerMillisecondsMax)
            do { try await Task.sleep(for: .milliseconds(bounded)) } catch {
                return  // Cancelled: that is how this loop ends.
            }
        }
    }

    private func stop() {
        isStopped = true
        decide.finish()
        for id in waiting.keys { wake(id) }
    }

    /// Does what is due. `run` calls it; a test may.
    package func timePassed() async {
        let time = elapsedMilliseconds()
        for (id, deadline) in deadlines where deadline <= time {
            // While the one before was written, another transaction may have begun.
            guard deadlines[id] == deadline else { continue }
            let outcome = await change(id, settles: false, ends: true) { machine, spare in
                machine.abort(spare: spare, now: self.now)
            }
            switch outcome {
            case .success:
                logger.info("a transaction's time is over", metadata: ["id": "\(id)"])
            case .failure:
                // Unless another transaction has begun meanwhile.
                guard deadlines[id] == deadline else { continue }
                deadlines[id] = elapsedMilliseconds() + Limits.overdueRetryMilliseconds
            }
        }
        guard isLoaded, time >= nextExpiryRound else { return }
        nextExpiryRound = time + rules.expiryRoundMilliseconds
        for id in machines.keys.sorted() { await expire(id) }
    }

    private func expire(_ id: String) async {
        _ = await change(id, settles: false) { machine, _ in
            machine.expire(now: self.now, idleMilliseconds: self.rules.idExpiryMilliseconds)
        }
        if machines[id]?.record.state == .dead { machines[id] = nil }
    }

    // MARK: Changes

    /// The machine after a change, or why there was none.
    typealias Outcome = Result<TransactionRecord, TransactionRefusal>

    /// Lets a machine decide, writes what it decided, and takes note of it.
    ///
    /// - Parameters:
    ///   - settles: whether a change that is under way is waited for.
    ///   - ends: whether it may end the transaction, and so must not pass those that hold it.
    ///   - decide: called again with a new producer id when it asked for one; what it saw before may
    ///     have changed by then.
    func change(
        _ id: String, settles: Bool = true, ends: Bool = false,
        _ decide: (inout TransactionMachine, _ spare: Int64?) -> TransactionMachine.Step
    ) async -> Outcome {
        if let error = unavailable { return .failure(TransactionRefusal(error)) }
        if settles { await settle(id, isFree: ends) }
        var spare: Int64?
        while true {
            if let error = unavailable { return .failure(TransactionRefusal(error)) }
            guard var machine = machines[id] else {
                return .failure(TransactionRefusal(.invalidProducerIDMapping))
            }
            if ends && holds[id] != nil {
                return .failure(TransactionRefusal(.concurrentTransactions))
            }
            let step = decide(&machine, spare)
            machines[id] = machine
            switch step {
            case .refused(let error): return .failure(TransactionRefusal(error))
            case .done: return .success(machine.record)
            case .needsProducerID:
                do throws(TransactionStorageError) {
                    spare = try await storage.newProducerID()
                } catch {
                    return .failure(TransactionRefusal(.coordinatorNotAvailable))
                }
            case .write(let record): return await write(record, of: id)
            }
        }
    }

    private func write(_ record: TransactionRecord, of id: String) async -> Outcome {
        let isKept = await append(record, of: id)
        // The machine is there: only `expire` drops one, and it changes one at a time.
        if isKept { machines[id]?.written() } else { machines[id]?.notWritten() }
        defer { wake(id) }
        guard isKept else { return .failure(TransactionRefusal(.coordinatorNotAvailable)) }
        if record.state == .ongoing {
            if deadlines[id] == nil {
                deadlines[id] = elapsedMilliseconds() + Int64(record.timeoutMilliseconds)
            }
        } else {
            deadlines[id] = nil
        }
        if record.state.isEnding { decide.yield(id) }
        return .success(record)
    }

    private func append(_ record: TransactionRecord, of id: String) async -> Bool {
        do {
            let kept = record.state == .dead ? nil : record
            let stored = try TransactionStoredRecord(transactionalID: id, kept)
            try await storage.append(stored, to: partition(of: id))
            unkept.remove(id)
            return true
        } catch {
            if !isStopped, unkept.insert(id).inserted {
                logger.error(
                    "a transaction's record was not kept",
                    metadata: ["id": "\(id)", "because": "\(error)"])
            }
            return false
        }
    }

    /// Why nothing can be asked now.
    var unavailable: KafkaErrorCode? {
        if isStopped { return .notCoordinator }
        return isLoaded ? nil : .coordinatorLoadInProgress
    }

    package nonisolated func partition(of transactionalID: String) -> Int32 {
        GroupCoordinator.partition(of: transactionalID, count: storage.partitions)
    }

    // MARK: Waiting

    /// Waits for the end of a change that is under way, for a while.
    /// - Parameter isFree: whether those that hold the transaction are waited for too.
    func settle(_ id: String, isFree: Bool = false) async {
        let latest = elapsedMilliseconds() + Limits.transactionSettleMilliseconds
        while let machine = machines[id], !isStopped, elapsedMilliseconds() < latest {
            if machine.isSettled && !(isFree && holds[id] != nil) { return }
            await withCheckedContinuation { waiting[id, default: []].append($0) }
        }
    }

    /// Keeps a transaction from ending until `release`.
    func hold(_ id: String) { holds[id, default: 0] += 1 }

    func release(_ id: String) {
        let left = (holds[id] ?? 1) - 1
        holds[id] = left > 0 ? left : nil
        if left <= 0 { wake(id) }
    }

    private func wake(_ id: String) {
        for continuation in waiting.removeValue(forKey: id) ?? [] { continuation.resume() }
    }

    // MARK: Markers

    /// Writes the markers of a decided transaction, and that it is complete. Does not give up: what was
    /// decided must come true, and readers wait for it.
    private func complete(_ id: String) async {
        guard let record = machines[id]?.record, record.state.isEnding,
            completing.insert(id).inserted
        else { return }
        defer { completing.remove(id) }
        let end = TransactionEnd(
            producer: record.identity, isCommit: record.state == .prepareCommit,
            coordinatorEpoch: storage.coordinatorEpoch(of: partition(of: id)))
        var left = record.partitions
        var pauses = 0
        while !left.isEmpty {
            let result = await storage.write(end, to: left)
            for (name, why) in result.refused.sorted(by: { $0.key.description < $1.key.description }
            ) {
                logger.error(
                    "a transaction stays open in a partition; WriteTxnMarkers can end it",
                    metadata: [
                        "id": "\(id)", "partition": "\(name)", "because": "\(why)",
                        "producer": "\(end.producer.id)", "epoch": "\(end.producer.epoch)",
                    ])
            }
            if result.isStopped { return }
            left = result.left
            if !left.isEmpty, await !pause(id, &pauses) { return }
        }
        while true {
            let outcome = await change(id, settles: false) { machine, _ in
                machine.markersWritten(now: self.now)
            }
            if case .success = outcome { return }
            if isStopped { return }
            if await !pause(id, &pauses) { return }
        }
    }

    /// Twice as long each time, up to a limit: a disk that is full has room again soon or not for long.
    static func pauseMilliseconds(after pauses: Int) -> Int64 {
        min(
            Limits.markerRetryMilliseconds << Int64(min(pauses, 16)),
            Limits.markerRetryMillisecondsMax)
    }

    /// - Parameter pauses: how many there were in the end of this transaction; the first is logged.
    /// - Returns: false when the broker stops.
    private func pause(_ id: String, _ pauses: inout Int) async -> Bool {
        if pauses == 0 {
            logger.warning("a transaction's end waits for a log", metadata: ["id": "\(id)"])
        }
        let wait = Self.pauseMilliseconds(after: pauses)
        pauses += 1
        do {
            try await Task.sleep(for: .milliseconds(wait))
            return true
        } catch {
            return false
        }
    }
}

/// Why a request changed nothing.
struct TransactionRefusal: Error, Equatable {
    var code: KafkaErrorCode

    init(_ code: KafkaErrorCode) { self.code = code }
}
