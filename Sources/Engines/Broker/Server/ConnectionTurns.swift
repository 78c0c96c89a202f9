// Turns of the connections that share an event loop: one with much to do does not keep the others waiting.

import NIOCore
import Synchronization

/// The connections of one event loop that have more to do than fits a turn. Lives on that loop.
///
/// An event loop runs all tasks that are due before it looks at its sockets again. So only one turn is
/// scheduled at a time, and a moment later: in between the sockets have theirs.
final class ConnectionTurns {
    private var waiting: [() -> Void] = []
    private var next = 0
    private var isTaking = false
    /// Turns that were taken are removed together.
    private static let takenKeptMax = 64
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// - Parameter turn: called later, on the event loop.
    func wait(_ turn: @escaping () -> Void) {
        waiting.append(turn)
        if !isTaking && waiting.count == 1 { scheduleNext() }
    }

    private func scheduleNext() {
        let turns = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .microseconds(Limits.turnGapMicroseconds)) {
            turns.value.takeTurn()
        }
    }

    private func takeTurn() {
        let turn = waiting[next]
        next += 1
        isTaking = true
        turn()
        isTaking = false
        if next == waiting.count || next == Self.takenKeptMax {
            waiting.removeFirst(next)
            next = 0
        }
        if !waiting.isEmpty { scheduleNext() }
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
