// Counters, histograms and back-off.

import MillraceBase
import Testing

@Suite("Progress and back-off")
struct ProgressTests {
    /// Goal: percentiles are within the promised 4 % over six powers of ten.
    @Test func percentilesAreNear() throws {
        var histogram = LatencyHistogram()
        for value in 1...100_000 { histogram.record(.microseconds(value)) }
        for share in [0.01, 0.5, 0.9, 0.99, 1] {
            let found = try #require(histogram.percentile(share)).microseconds
            let exact = share * 100_000
            #expect(abs(Double(found) - exact) <= max(1, exact * 0.04))
        }
        #expect(LatencyHistogram().percentile(0.5) == nil)
    }

    /// Goal: merging two histograms is recording into one; taking one away leaves the other.
    @Test func mergeIsAddition() {
        var both = LatencyHistogram()
        var first = LatencyHistogram()
        var second = LatencyHistogram()
        for value in 1...500 {
            both.record(.milliseconds(value))
            if value.isMultiple(of: 3) { first.record(.milliseconds(value)) }
            if !value.isMultiple(of: 3) { second.record(.milliseconds(value)) }
        }
        first.merge(second)
        #expect(first == both)
        #expect(first.since(second).count == 166)
    }

    /// Goal: waits double, stay within half and all of their step, and end.
    @Test func backoffGrowsAndEnds() {
        let backoff = Backoff(first: .seconds(1), longest: .seconds(5), triesMax: 5)
        #expect(backoff.wait(afterFailures: 1, random: 0) == .milliseconds(500))
        #expect(backoff.wait(afterFailures: 2, random: 0.999_999)! <= .seconds(2))
        #expect(backoff.wait(afterFailures: 4, random: 0) == .milliseconds(2_500))
        #expect(backoff.wait(afterFailures: 5) == nil)
    }

    @Test func progressAddsUp() {
        let progress = StageProgress()
        progress.add(3, to: .landed, latency: .milliseconds(2))
        progress.add(2, to: .landed)
        progress.addRejected(because: "email is missing")
        let snapshot = progress.snapshot
        #expect(snapshot.count(.landed) == 5)
        #expect(snapshot.stages[.landed]?.latency.count == 3)
        #expect(snapshot.rejected == ["email is missing": 1])
    }
}
