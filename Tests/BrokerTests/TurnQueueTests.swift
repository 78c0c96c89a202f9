// The turns of connections that share an event loop: nobody has two while another waits for one.

import Testing

@testable import MillraceBroker

@Suite("Turns of connections")
struct TurnQueueTests {
    /// Connections with so much left to do, of which each turn does one piece.
    private struct Loop {
        var queue = TurnQueue<Int>()
        var left: [Int]
        var turns: [Int] = []
        /// Turns that are scheduled and not taken.
        var scheduled = 0

        mutating func begin(_ connection: Int) {
            if queue.wait(connection) { scheduled += 1 }
        }

        mutating func takeTurn(_ meanwhile: (inout Loop) -> Void = { _ in }) {
            scheduled -= 1
            let connection = queue.take()
            turns.append(connection)
            left[connection] -= 1
            meanwhile(&self)
            if left[connection] > 0 { begin(connection) }
            #expect(scheduled == 0)
            if queue.taken() { scheduled += 1 }
        }
    }

    /// Goal: one with much to do keeps nobody waiting for more than one of its turns.
    @Test func eachHasOneTurnBeforeAnybodyHasTwo() {
        var loop = Loop(left: [100, 1, 3, 2])
        for connection in 0..<4 { loop.begin(connection) }
        #expect(loop.scheduled == 1)
        while loop.scheduled > 0 { loop.takeTurn() }
        #expect(loop.turns.prefix(10) == [0, 1, 2, 3, 0, 2, 3, 0, 2, 0])
        #expect(loop.turns.count == 106)
    }

    /// Goal: whoever comes while a turn is taken goes before the one that takes it.
    @Test func whoComesMeanwhileGoesFirst() {
        var loop = Loop(left: [3, 2])
        loop.begin(0)
        loop.takeTurn { $0.begin(1) }
        while loop.scheduled > 0 { loop.takeTurn() }
        #expect(loop.turns == [0, 1, 0, 1, 0])
    }

    /// Goal: when all is done nothing is scheduled, and the next one starts it again.
    @Test func restsAndBeginsAgain() {
        var loop = Loop(left: [1, 1])
        loop.begin(0)
        loop.takeTurn()
        #expect(loop.scheduled == 0)
        loop.begin(1)
        #expect(loop.scheduled == 1)
        loop.takeTurn()
        #expect(loop.scheduled == 0)
        #expect(loop.turns == [0, 1])
    }

    /// Goal: between two turns of a connection, each other that waited all the while has just one.
    ///
    /// Method: connections come at random times with random work; who waits is looked at each turn.
    @Test func nobodyIsPassedOver() {
        var random = SeededGenerator(seed: 9)
        var loop = Loop(left: (0..<40).map { _ in Int.random(in: 1...30, using: &random) })
        var next = 0
        var waitingSince: [Int: Int] = [:]
        var others = 0
        while next < 40 || loop.scheduled > 0 {
            if next < 40, loop.scheduled == 0 || Int.random(in: 0..<3, using: &random) == 0 {
                loop.begin(next)
                waitingSince[next] = loop.turns.count
                next += 1
            }
            others = max(others, waitingSince.count)
            let before = loop.turns.count
            loop.takeTurn()
            let connection = loop.turns[before]
            let passed = loop.turns[(waitingSince[connection] ?? 0)..<before]
            #expect(Set(passed).count == passed.count, "somebody had two turns meanwhile")
            #expect(!passed.contains(connection))
            waitingSince[connection] = loop.left[connection] > 0 ? loop.turns.count : nil
            #expect(loop.scheduled == (waitingSince.isEmpty ? 0 : 1))
        }
        #expect(others > 1 && waitingSince.isEmpty)
    }
}
