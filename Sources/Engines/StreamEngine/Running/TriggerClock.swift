// When a query looks for rows again.

package import StreamPlan

/// The ticks of a trigger. Knows no clock: the time comes in.
package struct TriggerClock: Sendable, Equatable {
    private let intervalMilliseconds: Int64?
    /// The tick before which nothing is looked for.
    private var next: Int64 = 0
    /// AvailableNow: where the source ended when the query started.
    package var availableEnd: SourceOffsets?

    package init(_ trigger: Trigger) {
        switch trigger {
        case .processingTime(let interval):
            let (seconds, attoseconds) = interval.components
            let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
            intervalMilliseconds = milliseconds > 0 ? milliseconds : nil
        case .asSoonAsPossible, .availableNow: intervalMilliseconds = nil
        }
    }

    /// - Returns: how long to wait; `nil` when now is the time.
    package func delay(nowMilliseconds: Int64) -> Duration? {
        guard intervalMilliseconds != nil, nowMilliseconds < next else { return nil }
        return .milliseconds(next - nowMilliseconds)
    }

    /// A batch ended, or nothing was there. The next tick is the next multiple of the interval;
    /// when it passed while the batch ran, the next batch starts at once and missed ticks are left
    /// out.
    package mutating func passed(nowMilliseconds: Int64) {
        guard let interval = intervalMilliseconds else { return }
        let planned = next + interval
        if next > 0, planned <= nowMilliseconds {
            next = nowMilliseconds / interval * interval
        } else {
            next = (nowMilliseconds / interval + 1) * interval
        }
    }
}
