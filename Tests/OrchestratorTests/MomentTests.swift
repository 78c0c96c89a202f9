// Moments as text and back.

import Testing

@testable import MillraceOrchestrator

@Suite("Moment")
struct MomentTests {
    @Test func isWrittenAsAirflowDoes() {
        #expect(Moment.text(milliseconds: 0) == "1970-01-01T00:00:00.000000Z")
        #expect(Moment.text(milliseconds: 1_795_428_000_250) == "2026-11-23T10:00:00.250000Z")
        #expect(Moment.text(milliseconds: -1) == "1969-12-31T23:59:59.999000Z")
        #expect(Moment.runID(microseconds: 1_795_428_000_000_000) == "2026-11-23T10:00:00+00:00")
        #expect(
            Moment.runID(microseconds: 1_795_428_000_000_007) == "2026-11-23T10:00:00.000007+00:00")
    }

    @Test func survivesTheRoundTrip() {
        for milliseconds in stride(
            from: Int64(-9_000_000_000_123), to: 9_000_000_000_000, by: 777_777_777_777)
        {
            #expect(Moment.milliseconds(Moment.text(milliseconds: milliseconds)) == milliseconds)
        }
    }

    @Test func readsZones() {
        #expect(Moment.milliseconds("2026-11-23T10:00:00+00:00") == 1_795_428_000_000)
        #expect(Moment.milliseconds("2026-11-23T11:30:00.25+01:30") == 1_795_428_000_250)
        #expect(Moment.milliseconds("2026-11-23t07:00:00-03:00") == 1_795_428_000_000)
    }

    @Test(arguments: [
        "", "2026-11-23", "2026-11-23T10:00:00", "2026-02-30T10:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T10:60:00Z", "2026-11-23T10:00:00+25:00", "yesterday", "2026-11-23T10:00Z",
        "T", "--T::Z",
    ])
    func refusesOthers(text: String) {
        #expect(Moment.milliseconds(text) == nil)
    }
}
