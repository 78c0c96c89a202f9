// What people read: tables, numbers, progress as JSON.

import MillraceBase
import Testing

@testable import Millrace

@Suite("What people read")
struct ShownTests {
    @Test func numbersAndTimes() {
        #expect(Shown.count(0) == "0")
        #expect(Shown.count(999) == "999")
        #expect(Shown.count(1_000) == "1,000")
        #expect(Shown.count(-1_234_567) == "-1,234,567")
        #expect(Shown.time(.microseconds(840)) == "0.8 ms")
        #expect(Shown.time(.milliseconds(42)) == "42 ms")
        #expect(Shown.time(.milliseconds(3_140)) == "3.1 s")
        #expect(Shown.time(nil) == "–")
    }

    @Test func columnsAreAligned() {
        let table = Table(
            head: ["a", "count"], rows: [["long name", "5"], ["x", "12,345"]], numbers: [1])
        #expect(
            table.text == """
                a           count
                ─────────  ──────
                long name       5
                x          12,345
                """)
    }

    /// Goal: a command elsewhere can take the difference of two moments, histograms included.
    @Test func progressTravelsAsJSON() throws {
        let progress = StageProgress()
        progress.add(10, to: .stored, latency: .milliseconds(5))
        let before = StageProgress.Snapshot(json: progress.snapshot.json)
        #expect(before == progress.snapshot.filled)
        progress.add(3, to: .stored, latency: .milliseconds(50))
        progress.addRejected(because: "email is missing")
        let later = StageProgress.Snapshot(json: progress.snapshot.json).since(before)
        #expect(later.count(.stored) == 3)
        #expect(later.stages[.stored]?.latency.count == 3)
        #expect(later.rejected == ["email is missing": 1])
    }
}

extension StageProgress.Snapshot {
    /// The same with every stage there, as JSON has them.
    fileprivate var filled: Self {
        var copy = self
        for stage in Stage.allCases where copy.stages[stage] == nil { copy.stages[stage] = .init() }
        return copy
    }
}
