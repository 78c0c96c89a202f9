// The machine of a batch: every state, every event.

import StreamEngine
import Testing

@Suite("BatchMachine")
struct BatchMachineTests {
    typealias Action = BatchMachine.Action

    /// A machine in a state reached by events, with the batch number 3.
    static func machine(_ events: Int) -> BatchMachine {
        var (machine, _) = BatchMachine.recovered(logged: 2, committed: 2)
        if events >= 1 { _ = machine.rowsArrived() }
        if events >= 2 { _ = machine.offsetsLogged() }
        if events >= 3 { _ = machine.rowsWritten() }
        return machine
    }

    @Test func goesThroughOneBatch() {
        var (machine, first) = BatchMachine.recovered(logged: nil, committed: nil)
        #expect(first == .waitForRows)
        #expect(machine.rowsArrived() == .logOffsets(batch: 0))
        #expect(machine.offsetsLogged() == .run(batch: 0))
        #expect(machine.rowsWritten() == .logCommit(batch: 0))
        #expect(machine.commitLogged() == .waitForRows)
        #expect(machine.state == .idle(next: 1))
    }

    /// Goal: only a batch that was logged and not committed runs again.
    @Test(
        arguments: [
            (nil, nil, BatchMachine.State.idle(next: 0), Action.waitForRows),
            (0, nil, .running(batch: 0, thenStop: false), .run(batch: 0)),
            (0, 0, .idle(next: 1), .waitForRows),
            (7, 6, .running(batch: 7, thenStop: false), .run(batch: 7)),
            (7, 7, .idle(next: 8), .waitForRows),
        ] as [(Int?, Int?, BatchMachine.State, Action)])
    func recovers(_ logged: Int?, _ committed: Int?, _ state: BatchMachine.State, _ action: Action)
    {
        let (machine, first) = BatchMachine.recovered(logged: logged, committed: committed)
        #expect(machine.state == state)
        #expect(first == action)
    }

    /// Goal: a stop ends at once where no batch is in doubt, and after the commit where one is.
    @Test func stopsBetweenBatches() {
        for events in 0...1 {
            var machine = Self.machine(events)
            #expect(machine.stopRequested() == .finish)
            #expect(machine.state == .stopped)
        }
        var running = Self.machine(2)
        #expect(running.stopRequested() == .none)
        #expect(running.state == .running(batch: 3, thenStop: true))
        #expect(running.rowsWritten() == .logCommit(batch: 3))
        #expect(running.commitLogged() == .finish)
        var committing = Self.machine(3)
        #expect(committing.stopRequested() == .none)
        #expect(committing.stopRequested() == .none)
        #expect(committing.commitLogged() == .finish)
        #expect(committing.state == .stopped)
    }

    /// Goal: what comes late, after the end, changes nothing.
    @Test func ignoresWhatComesLate() {
        var machine = Self.machine(0)
        _ = machine.stopRequested()
        #expect(machine.rowsArrived() == .none)
        #expect(machine.offsetsLogged() == .none)
        #expect(machine.rowsWritten() == .none)
        #expect(machine.commitLogged() == .none)
        #expect(machine.stopRequested() == .none)
        #expect(machine.givenUp() == .none)
        #expect(machine.state == .stopped)
    }

    @Test(arguments: 0...3)
    func canBeGivenUp(events: Int) {
        var machine = Self.machine(events)
        #expect(machine.givenUp() == .finish)
        #expect(machine.state == .stopped)
    }
}
