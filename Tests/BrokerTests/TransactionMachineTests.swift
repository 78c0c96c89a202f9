// The life of a transactional id, decided by its machine: who is let in, who is fenced, what is written.

import KafkaProtocol
import Testing

@testable import MillraceBroker

/// One machine, a clock that stands, and producer ids that count from 100.
struct TransactionScene {
    var machine = TransactionMachine(
        transactionalID: "t",
        record: TransactionRecord(producerID: 7, timeoutMilliseconds: 1_000, now: 1))
    var now: Int64 = 10
    private var nextID: Int64 = 100

    typealias Step = TransactionMachine.Step

    /// Gives a new id when one is asked for, and writes what is to be written.
    /// - Returns: the error; `.none` for what was done or written.
    @discardableResult
    mutating func act(_ event: (inout TransactionMachine, Int64?, Int64) -> Step) -> KafkaErrorCode
    {
        var step = event(&machine, nil, now)
        if step == .needsProducerID {
            step = event(&machine, nextID, now)
            nextID += 1
        }
        switch step {
        case .refused(let code): return code
        case .done: return .none
        case .needsProducerID: preconditionFailure("it was given an id")
        case .write:
            machine.written()
            return .none
        }
    }

    @discardableResult
    mutating func begin(_ expected: ProducerIdentity? = nil) -> KafkaErrorCode {
        act {
            $0.initProducerID(timeoutMilliseconds: 1_000, expected: expected, spare: $1, now: $2)
        }
    }

    @discardableResult
    mutating func add(
        _ partition: Int32 = 0, by producer: ProducerIdentity? = nil,
        version: TransactionVersion = .classic
    ) -> KafkaErrorCode {
        let producer = producer ?? machine.record.identity
        return act { machine, _, now in
            machine.addPartitions(
                [PartitionName(topic: "a", partition: partition)], by: producer, version: version,
                now: now)
        }
    }

    @discardableResult
    mutating func end(
        _ isCommit: Bool, by producer: ProducerIdentity? = nil,
        version: TransactionVersion = .classic
    ) -> KafkaErrorCode {
        let producer = producer ?? machine.record.identity
        return act {
            $0.end(isCommit: isCommit, by: producer, version: version, spare: $1, now: $2)
        }
    }

    @discardableResult
    mutating func complete() -> KafkaErrorCode {
        act { machine, _, now in machine.markersWritten(now: now) }
    }

    /// A machine whose epoch is the last one that a client is given.
    static func exhausted() -> TransactionScene {
        var scene = TransactionScene()
        var record = TransactionRecord(producerID: 7, timeoutMilliseconds: 1_000, now: 1)
        record.epoch = Limits.producerEpochMax
        scene.machine = TransactionMachine(transactionalID: "t", record: record)
        return scene
    }
}

@Suite struct TransactionMachineTests {
    private func identity(_ id: Int64, _ epoch: Int16) -> ProducerIdentity {
        ProducerIdentity(id: id, epoch: epoch)
    }

    @Test func aNewProducerHasEpochZeroAndTheNextOneFencesIt() {
        var scene = TransactionScene()
        #expect(scene.begin() == .none)
        #expect(scene.machine.record.identity == identity(7, 0))
        #expect(scene.begin() == .none)
        #expect(scene.machine.record.identity == identity(7, 1))
        #expect(scene.add(by: identity(7, 0)) == .producerFenced)
        #expect(scene.add(by: identity(8, 1)) == .invalidProducerIDMapping)
        #expect(scene.end(true, by: identity(7, 0)) == .producerFenced)
        #expect(scene.begin(identity(7, 0)) == .producerFenced)
    }

    @Test func theSameProducerGoesOnByItsEpochAndMayRepeatThat() {
        var scene = TransactionScene()
        scene.begin()
        #expect(scene.begin(identity(7, 0)) == .none)
        #expect(scene.machine.record.identity == identity(7, 1))
        // Its answer was lost: asked again, the same answer.
        #expect(scene.begin(identity(7, 0)) == .none)
        #expect(scene.machine.record.identity == identity(7, 1))
        // Another producer between the two: fenced.
        scene.begin()
        #expect(scene.begin(identity(7, 1)) == .producerFenced)
        #expect(scene.begin(identity(9, 2)) == .producerFenced)
    }

    @Test func aTransactionOfTheFirstProtocolCommits() {
        var scene = TransactionScene()
        scene.begin()
        #expect(scene.end(true) == .invalidTxnState)
        #expect(scene.add() == .none)
        #expect(scene.machine.record.state == .ongoing)
        #expect(scene.machine.record.startedAtMilliseconds == scene.now)
        #expect(scene.end(true) == .none)
        #expect(scene.machine.record.state == .prepareCommit)
        #expect(scene.machine.record.epoch == 0)
        #expect(scene.add() == .concurrentTransactions)
        #expect(scene.begin() == .concurrentTransactions)
        #expect(scene.end(true) == .concurrentTransactions)
        #expect(scene.end(false) == .invalidTxnState)
        #expect(scene.complete() == .none)
        #expect(scene.machine.record.state == .completeCommit)
        #expect(scene.machine.record.partitions.isEmpty)
        // A repeat is told it is done, the opposite is not.
        #expect(scene.end(true) == .none)
        #expect(scene.end(false) == .invalidTxnState)
    }

    @Test func eachEndOfTheSecondProtocolRaisesTheEpoch() {
        var scene = TransactionScene()
        scene.begin()
        scene.add(version: .epochBump)
        #expect(scene.end(true, version: .epochBump) == .none)
        #expect(scene.machine.record.identity == identity(7, 1))
        #expect(scene.machine.record.lastEpoch == 0)
        #expect(scene.end(true, by: identity(7, 0), version: .epochBump) == .concurrentTransactions)
        #expect(scene.end(false, by: identity(7, 0), version: .epochBump) == .invalidTxnState)
        scene.complete()
        #expect(scene.machine.record.identity == identity(7, 1))
        // A repeat of the commit; its opposite; and the next transaction's end.
        #expect(scene.end(true, by: identity(7, 0), version: .epochBump) == .none)
        #expect(scene.end(false, by: identity(7, 0), version: .epochBump) == .invalidTxnState)
        #expect(scene.end(true, by: identity(7, 1), version: .epochBump) == .invalidTxnState)
    }

    @Test func aLateEndDoesNotEndTheNextTransaction() {
        var scene = TransactionScene()
        scene.begin()
        scene.add(version: .epochBump)
        scene.end(true, version: .epochBump)
        scene.complete()
        scene.add(version: .epochBump)
        #expect(scene.machine.record.state == .ongoing)
        for isCommit in [true, false] {
            #expect(
                scene.end(isCommit, by: identity(7, 0), version: .epochBump) == .producerFenced)
        }
        #expect(scene.machine.record.state == .ongoing)
    }

    @Test func nothingMayBeAbortedUnderTheSecondProtocol() {
        var scene = TransactionScene()
        scene.begin()
        #expect(scene.end(true, version: .epochBump) == .invalidTxnState)
        #expect(scene.end(false, version: .epochBump) == .none)
        #expect(scene.machine.record.state == .prepareAbort)
        #expect(scene.machine.record.identity == identity(7, 1))
        scene.complete()
        #expect(scene.machine.record.state == .completeAbort)
        #expect(scene.end(false, by: identity(7, 0), version: .epochBump) == .none)
        #expect(scene.end(true, by: identity(7, 0), version: .epochBump) == .invalidTxnState)
    }

    @Test func aNewProducerAbortsTheOpenTransactionFirst() {
        var scene = TransactionScene()
        scene.begin()
        scene.add()
        #expect(scene.begin() == .none)
        #expect(scene.machine.record.state == .prepareAbort)
        #expect(scene.machine.record.identity == identity(7, 1))
        #expect(scene.machine.record.partitions.count == 1)
        #expect(scene.begin() == .concurrentTransactions)
        scene.complete()
        #expect(scene.begin() == .none)
        #expect(scene.machine.record.identity == identity(7, 2))
        #expect(scene.add(by: identity(7, 0)) == .producerFenced)
        #expect(scene.begin(identity(7, 0)) == .producerFenced)
    }

    @Test func aProducerWhoseTimeIsOverIsKnownByItsLastEpoch() {
        var scene = TransactionScene()
        scene.begin()
        scene.add()
        scene.act { $0.abort(spare: $1, now: $2) }
        scene.complete()
        #expect(scene.end(true, by: identity(7, 0)) == .producerFenced)
        #expect(scene.begin(identity(7, 0)) == .none)
        #expect(scene.machine.record.identity == identity(7, 1))
    }

    @Test func aZombieDoesNotAbortItsSuccessorsTransaction() {
        var scene = TransactionScene()
        scene.begin()
        scene.begin()
        scene.add()
        #expect(scene.begin(identity(7, 0)) == .producerFenced)
        #expect(scene.machine.record.state == .ongoing)
    }

    @Test func whenTheEpochsAreUsedUpTheProducerGetsANewID() {
        var scene = TransactionScene.exhausted()
        let last = identity(7, Limits.producerEpochMax)
        #expect(scene.begin(last) == .none)
        #expect(scene.machine.record.identity == identity(100, 0))
        #expect(scene.begin(last) == .none)
        #expect(scene.machine.record.identity == identity(100, 0))
    }

    @Test func whenTheEpochsAreUsedUpAnEndGivesANewID() {
        var scene = TransactionScene.exhausted()
        let last = identity(7, Limits.producerEpochMax)
        scene.add(version: .epochBump)
        #expect(scene.end(true, version: .epochBump) == .none)
        #expect(scene.machine.record.identity == identity(7, .max))
        #expect(scene.machine.record.identityWhenComplete == identity(100, 0))
        #expect(scene.end(true, by: last, version: .epochBump) == .concurrentTransactions)
        scene.complete()
        #expect(scene.machine.record.identity == identity(100, 0))
        #expect(scene.end(true, by: last, version: .epochBump) == .none)
        #expect(scene.end(false, by: last, version: .epochBump) == .invalidTxnState)
        #expect(scene.add(by: last, version: .epochBump) == .invalidProducerIDMapping)
    }

    @Test func whenTheEpochsAreUsedUpATimeOutGivesANewID() {
        var scene = TransactionScene.exhausted()
        scene.add()
        scene.act { $0.abort(spare: $1, now: $2) }
        scene.complete()
        #expect(scene.machine.record.identity == identity(100, 0))
        #expect(scene.begin(identity(7, Limits.producerEpochMax)) == .none)
        #expect(scene.machine.record.identity == identity(100, 0))
        #expect(scene.begin() == .none)
        #expect(scene.machine.record.identity == identity(100, 1))
    }

    @Test func partitionsAreVerifiedAgainstTheTransaction() {
        var scene = TransactionScene()
        scene.begin()
        let mine = identity(7, 0)
        let first = PartitionName(topic: "a", partition: 0)
        #expect(scene.machine.verify(first, by: mine) == .transactionAbortable)
        scene.add()
        #expect(scene.machine.verify(first, by: mine) == .none)
        #expect(
            scene.machine.verify(PartitionName(topic: "a", partition: 1), by: mine)
                == .transactionAbortable)
        #expect(scene.machine.verify(first, by: identity(7, 1)) == .producerFenced)
        #expect(scene.machine.verify(first, by: identity(6, 0)) == .invalidProducerIDMapping)
        scene.end(true)
        #expect(scene.machine.verify(first, by: mine) == .concurrentTransactions)
    }

    @Test func oneChangeAtATime() {
        var scene = TransactionScene()
        scene.begin()
        let mine = scene.machine.record.identity
        let partitions: Set = [PartitionName(topic: "a", partition: 0)]
        let step = scene.machine.addPartitions(partitions, by: mine, version: .classic, now: 1)
        guard case .write = step else { return #expect(Bool(false), "\(step)") }
        #expect(scene.machine.record.state == .empty)
        #expect(scene.begin() == .concurrentTransactions)
        #expect(scene.end(true) == .concurrentTransactions)
        #expect(scene.add(1) == .concurrentTransactions)
        scene.machine.notWritten()
        #expect(scene.machine.record.state == .empty)
        #expect(scene.add(1) == .none)
    }

    @Test func addingWhatIsThereWritesNothing() {
        var scene = TransactionScene()
        scene.begin()
        scene.add()
        let mine = scene.machine.record.identity
        let partitions: Set = [PartitionName(topic: "a", partition: 0)]
        #expect(
            scene.machine.addPartitions(partitions, by: mine, version: .classic, now: 2) == .done)
    }

    @Test func anIDIsForgottenAfterAWeekButNotInATransaction() {
        var scene = TransactionScene()
        scene.begin()
        let week = Limits.transactionalIDExpiryMilliseconds
        #expect(scene.machine.expire(now: scene.now + week - 1) == .done)
        scene.add()
        #expect(scene.machine.expire(now: scene.now + 2 * week) == .done)
        scene.end(false)
        scene.complete()
        scene.act { machine, _, now in machine.expire(now: now + week) }
        #expect(scene.machine.record.state == .dead)
    }

    /// Random events; a fenced identity never acts again, and states follow Kafka's table.
    @Test(arguments: UInt64(1)...20) func whoWasFencedStaysSo(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var scene = TransactionScene()
        var fenced: Set<ProducerIdentity> = []
        scene.begin()
        for _ in 0..<400 {
            let before = scene.machine.record
            let version: TransactionVersion = Bool.random(using: &random) ? .classic : .epochBump
            switch Int.random(in: 0..<6, using: &random) {
            case 0: scene.begin()
            case 1: scene.add(Int32.random(in: 0..<3, using: &random), version: version)
            case 2: scene.end(Bool.random(using: &random), version: version)
            case 3: scene.complete()
            case 4: scene.act { $0.abort(spare: $1, now: $2) }
            default:
                for old in fenced {
                    #expect(scene.add(by: old) != .none, "seed \(seed)")
                    #expect(scene.end(true, by: old) != .none, "seed \(seed)")
                }
            }
            let after = scene.machine.record
            #expect(isAllowed(before.state, after.state), "seed \(seed)")
            if before.identity != after.identity { fenced.insert(before.identity) }
            #expect(!fenced.contains(after.identity), "seed \(seed)")
        }
    }

    private func isAllowed(_ from: TransactionState, _ to: TransactionState) -> Bool {
        if from == to { return true }
        switch to {
        case .empty, .ongoing: return [.empty, .completeCommit, .completeAbort].contains(from)
        case .prepareCommit: return from == .ongoing
        case .prepareAbort:
            return [.ongoing, .empty, .completeCommit, .completeAbort].contains(from)
        case .completeCommit: return from == .prepareCommit
        case .completeAbort: return from == .prepareAbort
        case .dead, .prepareEpochFence: return false
        }
    }
}
