// The ticks of a trigger, and times as text.

import StreamPlan
import Testing

@testable import StreamEngine

@Suite("Times")
struct TriggerClockTests {
    /// Goal: ticks are multiples of the interval; a slow batch starts the next at once, and the
    /// ticks it missed are left out.
    @Test func ticksAtMultiples() {
        var clock = TriggerClock(.processingTime(.seconds(10)))
        #expect(clock.delay(nowMilliseconds: 12_000) == nil)
        clock.passed(nowMilliseconds: 13_000)
        #expect(clock.delay(nowMilliseconds: 13_000) == .seconds(7))
        #expect(clock.delay(nowMilliseconds: 20_000) == nil)
        clock.passed(nowMilliseconds: 47_000)
        #expect(clock.delay(nowMilliseconds: 47_000) == nil)
        clock.passed(nowMilliseconds: 48_000)
        #expect(clock.delay(nowMilliseconds: 48_000) == .seconds(2))
    }

    @Test func doesNotWaitWithoutAnInterval() {
        var clock = TriggerClock(.asSoonAsPossible)
        clock.passed(nowMilliseconds: 5)
        #expect(clock.delay(nowMilliseconds: 5) == nil)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2024-02-29T12:34:56.789Z", 1_709_210_096_789_000),
        ("2024-02-29 12:34:56.7891234+02:30", 1_709_201_096_789_123),
        ("1969-12-31T23:59:59.999999Z", -1), ("2024-05", 1_714_521_600_000_000),
        ("2024", 1_704_067_200_000_000), ("0001-01-01", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
    ])
    func readsTimes(_ text: String, _ microseconds: Int64) {
        let read = Array(text.utf8).withUnsafeBufferPointer { TimestampText.parse($0) }
        #expect(read == microseconds)
    }

    @Test(arguments: [
        "", "2024-", "2024-13-01", "2023-02-29", "2024-01-01T25:00", "2024-01-01T10",
        "2024-01-01T10:00:00X", "20240101", "2024-01-01T10:00:00+25:00", "x",
    ])
    func refusesOtherTexts(_ text: String) {
        #expect(Array(text.utf8).withUnsafeBufferPointer { TimestampText.parse($0) } == nil)
    }

    /// Method: days of many years, both ways.
    @Test func writesWhatItReads() {
        for day in stride(from: Int64(-700_000), to: 2_900_000, by: 997) {
            let micros = day * 86_400_000_000 + 3_723_000_456
            let text = TimestampText.text(micros)
            let back = Array(text.utf8).withUnsafeBufferPointer { TimestampText.parse($0) }
            #expect(back == micros, "\(text)")
        }
        #expect(TimestampText.iso(milliseconds: 1_700_000_000_007) == "2023-11-14T22:13:20.007Z")
    }
}
