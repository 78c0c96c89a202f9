// The coordinator over a storage that is an array: what is kept before what is answered, and what a
// restart makes of it.

import KafkaProtocol
import Logging
import MillraceBase
import Synchronization
import Testing

@testable import MillraceBroker

@Suite struct TransactionCoordinatorTests {
    private let storage = TransactionStorageFake()
    private let time = TestTime()
    private let place = PartitionName(topic: "a", partition: 0)

    /// A clock that the test turns.
    private final class TestTime: Sendable {
        private let value = Mutex<Int64>(0)
        var milliseconds: Int64 { value.withLock { $0 } }
        func pass(_ milliseconds: Int64) { value.withLock { $0 += milliseconds } }
    }

    /// A loaded coordinator that runs while `body` does.
    private func running(_ body: (TransactionCoordinator) async throws -> Void) async throws {
        let coordinator = TransactionCoordinator(
            storage: storage, elapsedMilliseconds: { [time] in time.milliseconds },
            logger: Logger(label: "test"))
        try await coordinator.load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await coordinator.run() }
            try await body(coordinator)
            group.cancelAll()
        }
    }

    private func begin(
        _ coordinator: TransactionCoordinator, version: Int16 = 5, timeout: Int32 = 60_000
    ) async -> InitProducerIDResponse {
        let request = InitProducerIDRequest {
            $0.transactionalID = "t"
            $0.transactionTimeoutMilliseconds = timeout
        }
        return await coordinator.initProducerID(request, version: version)
    }

    private func end(
        _ coordinator: TransactionCoordinator, _ producer: ProducerIdentity, commit: Bool,
        version: Int16
    ) async -> EndTxnResponse {
        let request = EndTxnRequest {
            $0.transactionalID = "t"
            $0.producerID = producer.id
            $0.producerEpoch = producer.epoch
            $0.committed = commit
        }
        return await coordinator.end(request, version: version)
    }

    private func state(_ coordinator: TransactionCoordinator) async -> TransactionState? {
        await coordinator.machines["t"]?.record.state
    }

    private func list(
        _ coordinator: TransactionCoordinator, _ request: ListTransactionsRequest
    ) async -> [String] {
        await coordinator.list(request).transactionStates.map(\.transactionalID)
    }

    /// Waits for what another task does.
    private func until(_ condition: () async -> Bool) async {
        while await !condition() { await Task.yield() }
    }

    @Test(arguments: [Int16(4), 5]) func aCommitIsKeptThenMarkedThenComplete(
        version: Int16
    ) async throws {
        try await running { coordinator in
            let first = await begin(coordinator)
            let producer = ProducerIdentity(id: first.producerID, epoch: first.producerEpoch)
            let added = await coordinator.addPartitions(
                [place], to: "t", by: producer, version: .classic)
            #expect(added == .none)
            let ended = await end(coordinator, producer, commit: true, version: version)
            #expect(ended.errorCode == .none)
            #expect(ended.producerEpoch == (version == 5 ? 1 : 0))
            await until { await state(coordinator) == .completeCommit }
            #expect(
                storage.states(of: "t") == [.empty, .ongoing, .prepareCommit, .completeCommit])
            #expect(storage.markers.count == 1)
            #expect(storage.markers[0].partitions == [place])
            #expect(storage.markers[0].end.isCommit)
            #expect(storage.markers[0].end.coordinatorEpoch == 3)
            #expect(storage.markers[0].end.producer.epoch == (version == 5 ? 1 : 0))
        }
    }

    @Test func aRestartResumesWhatWasDecided() async throws {
        var record = TransactionRecord(producerID: 7, timeoutMilliseconds: 60_000, now: 1)
        record.epoch = 2
        record.state = .prepareCommit
        record.startedAtMilliseconds = 1
        record.partitions = [place]
        try await storage.append(
            TransactionStoredRecord(transactionalID: "t", record), to: 0)
        try await running { coordinator in
            await until { await state(coordinator) == .completeCommit }
            #expect(storage.markers.map(\.partitions) == [[place]])
            #expect(storage.markers[0].end.producer == ProducerIdentity(id: 7, epoch: 2))
        }
    }

    /// Goal: a full disk or a request that holds the transaction makes the timer wait, not spin.
    @Test(arguments: [true, false]) func whatCannotBeEndedIsTriedAgainLater(
        isFull: Bool
    ) async throws {
        let coordinator = TransactionCoordinator(
            storage: storage, elapsedMilliseconds: { [time] in time.milliseconds },
            logger: Logger(label: "test"))
        try await coordinator.load()
        let first = await begin(coordinator, timeout: 5_000)
        let producer = ProducerIdentity(id: first.producerID, epoch: first.producerEpoch)
        _ = await coordinator.addPartitions([place], to: "t", by: producer, version: .classic)
        if isFull { storage.fail(true) } else { await coordinator.hold("t") }
        time.pass(5_000)
        await coordinator.timePassed()
        #expect(await state(coordinator) == .ongoing)
        let retry = 5_000 + Limits.overdueRetryMilliseconds
        #expect(await coordinator.deadlines["t"] == retry)
        #expect(await coordinator.unkept == (isFull ? ["t"] : []))
        if isFull { storage.fail(false) } else { await coordinator.release("t") }
        time.pass(Limits.overdueRetryMilliseconds)
        await coordinator.timePassed()
        #expect(await state(coordinator) == .prepareAbort)
        #expect(await coordinator.deadlines.isEmpty)
        #expect(await coordinator.unkept.isEmpty)
    }

    @Test func anOpenTransactionIsAbortedWhenItsTimeIsOver() async throws {
        try await running { coordinator in
            let first = await begin(coordinator, timeout: 5_000)
            let producer = ProducerIdentity(id: first.producerID, epoch: first.producerEpoch)
            _ = await coordinator.addPartitions(
                [place], to: "t", by: producer, version: .classic)
            time.pass(4_999)
            await coordinator.timePassed()
            #expect(await state(coordinator) == .ongoing)
            time.pass(1)
            await coordinator.timePassed()
            await until { await state(coordinator) == .completeAbort }
            #expect(!storage.markers[0].end.isCommit)
            #expect(storage.markers[0].end.producer.epoch == 1)
            let late = await end(coordinator, producer, commit: true, version: 4)
            #expect(late.errorCode == .producerFenced)
            let old = await end(coordinator, producer, commit: true, version: 1)
            #expect(old.errorCode == .invalidProducerEpoch)
        }
    }

    @Test func aTransactionIsNotEndedUnderWhoHoldsIt() async throws {
        try await running { coordinator in
            let first = await begin(coordinator)
            let producer = ProducerIdentity(id: first.producerID, epoch: first.producerEpoch)
            let refusal = await coordinator.holdForOffsets(
                in: place, of: "t", by: producer, isImplicit: true)
            #expect(refusal == nil)
            async let ended = end(coordinator, producer, commit: true, version: 5)
            for _ in 0..<50 { await Task.yield() }
            #expect(await state(coordinator) == .ongoing)
            await coordinator.release("t")
            #expect(await ended.errorCode == .none)
        }
    }

    @Test func offsetsNeedTheirPartitionUnlessTheyAddIt() async throws {
        try await running { coordinator in
            let first = await begin(coordinator)
            let producer = ProducerIdentity(id: first.producerID, epoch: first.producerEpoch)
            let refusal = await coordinator.holdForOffsets(
                in: place, of: "t", by: producer, isImplicit: false)
            #expect(refusal == .transactionAbortable)
        }
    }

    @Test func whatIsNotKeptHasNotHappened() async throws {
        try await running { coordinator in
            let first = await begin(coordinator)
            let producer = ProducerIdentity(id: first.producerID, epoch: first.producerEpoch)
            storage.fail(true)
            let added = await coordinator.addPartitions(
                [place], to: "t", by: producer, version: .classic)
            #expect(added == .coordinatorNotAvailable)
            #expect(await state(coordinator) == .empty)
            storage.fail(false)
            let again = await coordinator.addPartitions(
                [place], to: "t", by: producer, version: .classic)
            #expect(again == .none)
        }
    }

    @Test func badTimeoutsAndNamesAreRefused() async throws {
        try await running { coordinator in
            for timeout in [0, -1, Limits.transactionTimeoutMillisecondsMax + 1] {
                let answer = await begin(coordinator, timeout: timeout)
                #expect(answer.errorCode == .invalidTransactionTimeout)
                #expect(answer.producerID == -1 && answer.producerEpoch == -1)
            }
            let unnamed = await coordinator.initProducerID(
                InitProducerIDRequest { $0.transactionalID = "" }, version: 5)
            #expect(unnamed.errorCode == .invalidRequest)
            let half = await coordinator.initProducerID(
                InitProducerIDRequest { $0.producerID = 4 }, version: 5)
            #expect(half.errorCode == .invalidRequest)
            let unknown = await coordinator.addPartitions(
                [place], to: "nobody", by: ProducerIdentity(id: 1, epoch: 0), version: .classic)
            #expect(unknown == .invalidProducerIDMapping)
        }
    }

    @Test func aRepeatedBeginAbortsFirstAndThenRaisesTheEpoch() async throws {
        try await running { coordinator in
            let first = await begin(coordinator)
            let producer = ProducerIdentity(id: first.producerID, epoch: first.producerEpoch)
            _ = await coordinator.addPartitions(
                [place], to: "t", by: producer, version: .classic)
            #expect(await begin(coordinator).errorCode == .concurrentTransactions)
            let second = await begin(coordinator)
            #expect(second.errorCode == .none)
            #expect(second.producerEpoch == 2)
            #expect(storage.markers.map(\.end.isCommit) == [false])
        }
    }

    @Test func toolsSeeTransactionsAndFilterThem() async throws {
        try await running { coordinator in
            _ = await begin(coordinator)
            #expect(await list(coordinator, ListTransactionsRequest()) == ["t"])
            for (state, found) in [("Ongoing", []), ("Empty", ["t"])] {
                let request = ListTransactionsRequest { $0.stateFilters = [state, "Strange"] }
                #expect(await list(coordinator, request) == found)
            }
            for (pattern, found) in [("[a-z]", ["t"]), ("x.*", [])] {
                let request = ListTransactionsRequest { $0.transactionalIDPattern = pattern }
                #expect(await list(coordinator, request) == found)
            }
            let other = ListTransactionsRequest { $0.producerIDFilters = [5] }
            #expect(await list(coordinator, other) == [])
            let strange = await coordinator.list(
                ListTransactionsRequest { $0.stateFilters = ["Strange"] })
            #expect(strange.unknownStateFilters == ["Strange"])
            let bad = await coordinator.list(
                ListTransactionsRequest { $0.transactionalIDPattern = "(" })
            #expect(bad.errorCode == .invalidRegularExpression)
            let described = await coordinator.describe(
                DescribeTransactionsRequest { $0.transactionalIDs = ["t", "nobody", ""] })
            #expect(
                described.transactionStates.map(\.errorCode)
                    == [.none, .transactionalIDNotFound, .invalidRequest])
            #expect(described.transactionStates[0].transactionState == "Empty")
        }
    }
}
