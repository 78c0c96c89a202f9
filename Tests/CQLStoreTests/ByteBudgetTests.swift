// The memory that all connections share: exact, in the order of asking.

import Synchronization
import Testing

@testable import CQLStore

@Suite("Byte budget")
struct ByteBudgetTests {
    private final class Calls: Sendable {
        let seen = Mutex<[Int]>([])
        func add(_ number: Int) -> @Sendable () -> Void {
            { self.seen.withLock { $0.append(number) } }
        }
    }

    @Test func takesWhatFits() {
        let budget = ByteBudget(limitBytes: 100)
        #expect(budget.takeIfRoom(60))
        #expect(!budget.takeIfRoom(41))
        #expect(budget.takeIfRoom(40))
        #expect(budget.isFull)
        budget.give(100)
        #expect(budget.takenBytes == 0)
    }

    /// Goal: who asked first is served first, even when something smaller would fit.
    @Test func servesInOrder() {
        let budget = ByteBudget(limitBytes: 100)
        let calls = Calls()
        #expect(budget.takeIfRoom(90))
        #expect(!budget.takeIfRoom(50, orLater: calls.add(1)))
        #expect(!budget.takeIfRoom(5, orLater: calls.add(2)))
        #expect(!budget.takeIfRoom(5))
        budget.give(30)
        #expect(calls.seen.withLock { $0 } == [])
        budget.give(20)
        #expect(calls.seen.withLock { $0 } == [1, 2])
        #expect(budget.takenBytes == 95)
    }

    /// Goal: what is larger than all there is goes in alone, and does not wait for ever.
    @Test func letsTheLargestInAlone() {
        let budget = ByteBudget(limitBytes: 100)
        let calls = Calls()
        #expect(budget.takeIfRoom(10))
        #expect(!budget.takeIfRoom(500, orLater: calls.add(1)))
        budget.give(10)
        #expect(calls.seen.withLock { $0 } == [1])
        #expect(budget.takenBytes == 500)
    }

    /// Goal: 0 only waits until the budget is not used up.
    @Test func waitsForRoomOfNoSize() {
        let budget = ByteBudget(limitBytes: 10)
        let calls = Calls()
        #expect(budget.takeIfRoom(0, orLater: calls.add(1)))
        budget.take(25)
        #expect(!budget.takeIfRoom(0, orLater: calls.add(2)))
        budget.give(15)
        #expect(calls.seen.withLock { $0 } == [])
        budget.give(1)
        #expect(calls.seen.withLock { $0 } == [2])
    }
}
