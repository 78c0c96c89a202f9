// How fast somebody is, and how long to wait until that is slow enough.
// Source: apache/kafka clients metrics/stats Rate.java, TokenBucket.java; QuotaUtils.java

/// A rate over the last samples of one second. A value; times are milliseconds of any one clock.
package struct QuotaRate: Sendable {
    private static let sampleMilliseconds: Int64 = 1_000

    private struct Sample {
        var start: Int64
        var total: Double
    }

    private var samples: [Sample] = []

    package init() {}

    /// Whether nothing of it counts any more.
    package func isIdle(_ now: Int64) -> Bool {
        samples.last.map { $0.start <= Self.oldest(now) } ?? true
    }

    private static func oldest(_ now: Int64) -> Int64 {
        now - Int64(Quotas.windows) * sampleMilliseconds
    }

    package mutating func record(_ amount: Double, now: Int64) {
        forget(now)
        if let last = samples.last, now - last.start < Self.sampleMilliseconds {
            samples[samples.count - 1].total += amount
        } else {
            samples.append(Sample(start: now, total: amount))
        }
    }

    package mutating func forget(_ now: Int64) {
        let oldest = Self.oldest(now)
        samples.removeAll { $0.start <= oldest }
    }

    /// - Parameter limit: per second, above 0.
    /// - Returns: milliseconds after which the rate is at the limit; 0 when it is not above it.
    package func throttleMilliseconds(limit: Double, now: Int64) -> Int64 {
        guard let first = samples.first else { return 0 }
        // Young rates count as if they had been measured long enough, else a first burst would be
        // a violation.
        let elapsed = now - first.start
        let full = elapsed / Self.sampleMilliseconds
        let missing = max(Int64(Quotas.windows - 1) - full, 0) * Self.sampleMilliseconds
        let window = Double(elapsed + missing)
        let rate = samples.reduce(0) { $0 + $1.total } / window * 1_000
        guard rate > limit else { return 0 }
        return Int64(((rate - limit) / limit * window).rounded())
    }
}

/// Tokens that come at a rate, up to so many, and may be overdrawn once.
package struct QuotaBucket: Sendable {
    private var tokens: Double?
    private var updated: Int64 = 0
    /// Tokens a second, as `take` was told last.
    private var limit: Double = 0

    package init() {}

    /// Whether it is as one that was never taken from.
    package func isFull(_ now: Int64) -> Bool {
        tokens.map { filled($0, now) >= limit * Double(Quotas.windows) } ?? true
    }

    private func filled(_ tokens: Double, _ now: Int64) -> Double {
        let refill = Double(max(now - updated, 0)) / 1_000 * limit
        return min(tokens + refill, limit * Double(Quotas.windows))
    }

    /// - Parameters:
    ///   - limit: tokens a second.
    ///   - isStrict: takes nothing while the bucket is overdrawn.
    /// - Returns: whether the tokens were taken, and milliseconds until the bucket is not overdrawn.
    package mutating func take(
        _ count: Double, limit: Double, isStrict: Bool, now: Int64
    ) -> (taken: Bool, waitMilliseconds: Int64) {
        self.limit = limit
        var left = filled(tokens ?? .infinity, now)
        updated = now
        defer { tokens = left }
        let isRefused = isStrict && left < 0
        if !isRefused { left -= count }
        return (!isRefused, left < 0 ? Int64((-left / limit * 1_000).rounded(.up)) : 0)
    }
}
