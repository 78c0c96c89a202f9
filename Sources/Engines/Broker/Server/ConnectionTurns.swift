// Turns of the connections that share an event loop: one with much to do does not keep the others waiting.

import NIOCore
import Synchronization

/// Who waits for a turn on one event loop, as a value: each has one turn before anybody has a second.
///
/// Invariant: while somebody waits, one turn is scheduled or being taken, and never more than one.
struct TurnQueue<Turn> {
    private var waiting = CircularBuffer<Turn>()
    private var isScheduled = false

    /// - Returns: whether a turn has to be scheduled.
    mutating func wait(_ turn: Turn) -> Bool {
        waiting.append(turn)
        defer { isScheduled = true }
        return !isScheduled
    }

    /// The one that was scheduled; whoever waits while it is taken comes behind all others.
    mutating func take() -> Turn {
        precondition(isScheduled && !waiting.isEmpty, "a turn is taken when it was scheduled")
        return waiting.removeFirst()
    }

    /// - Returns: whether the next turn has to be scheduled.
    mutating func taken() -> Bool {
        isScheduled = !waiting.isEmpty
        return isScheduled
    }
}

/// The connections of one event loop that have more to do than fits a turn. Lives on that loop.
///
/// An event loop runs all tasks that are due before it looks at its sockets again. So only one turn is
/// scheduled at a time, and a moment later: in between the sockets have theirs.
final class ConnectionTurns {
    private var queue = TurnQueue<() -> Void>()
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// - Parameter turn: called later, on the event loop.
    func wait(_ turn: @escaping () -> Void) {
        if queue.wait(turn) { scheduleNext() }
    }

    private func scheduleNext() {
        let turns = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .microseconds(Limits.turnGapMicroseconds)) {
            turns.value.takeTurn()
        }
    }

    private func takeTurn() {
        let turn = queue.take()
        turn()
        if queue.taken() { scheduleNext() }
    }
}

/// The turns of each event loop of the broker.
final class TurnsOfLoops: Sendable {
    private let loops = Mutex<[ObjectIdentifier: NIOLoopBound<ConnectionTurns>]>([:])

    /// - Parameter eventLoop: the one this is called on.
    func of(_ eventLoop: any EventLoop) -> ConnectionTurns {
        loops.withLock { loops in
            if let known = loops[ObjectIdentifier(eventLoop)] { return known }
            let turns = NIOLoopBound(ConnectionTurns(eventLoop), eventLoop: eventLoop)
            loops[ObjectIdentifier(eventLoop)] = turns
            return turns
        }.value
    }
}
