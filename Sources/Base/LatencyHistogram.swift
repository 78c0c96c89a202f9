// Many latencies in little room: counts in buckets that grow with the value.

/// A histogram of durations with about 3 % error, 1 µs to 1 hour, in at most 1,024 counters.
///
/// Bucket = the value's power of two in microseconds, cut into 32 equal parts.
public struct LatencyHistogram: Sendable, Equatable {
    private static let partsPerPower = 32
    private static let bucketsMax = 1_024

    private var counts: [Int] = []
    public private(set) var count = 0
    public private(set) var longest: Duration = .zero

    public init() {}

    public mutating func record(_ value: Duration, times: Int = 1) {
        guard times > 0 else { return }
        let bucket = Self.bucket(of: max(value.microseconds, 0))
        if bucket >= counts.count {
            counts.append(contentsOf: repeatElement(0, count: bucket + 1 - counts.count))
        }
        counts[bucket] += times
        count += times
        longest = max(longest, value)
    }

    public mutating func merge(_ other: Self) {
        if other.counts.count > counts.count {
            counts.append(contentsOf: repeatElement(0, count: other.counts.count - counts.count))
        }
        for (bucket, more) in other.counts.enumerated() { counts[bucket] += more }
        count += other.count
        longest = max(longest, other.longest)
    }

    /// What was recorded after `earlier` was copied from this one. `longest` stays the overall one.
    public func since(_ earlier: Self) -> Self {
        var rest = self
        for (bucket, old) in earlier.counts.enumerated() where bucket < rest.counts.count {
            rest.counts[bucket] = max(0, rest.counts[bucket] - old)
        }
        rest.count = rest.counts.reduce(0, +)
        return rest
    }

    /// `{"longest":µs,"buckets":[[bucket,count],…]}`, empty buckets left out.
    public var json: JSONValue {
        let filled = counts.enumerated().filter { $0.element > 0 }
        return [
            "longest": JSONValue(longest.microseconds),
            "buckets": .array(
                filled.map { [JSONValue(Int($0.offset)), JSONValue(Int($0.element))] }),
        ]
    }

    /// - Returns: `nil` for a value that `json` did not write.
    public init?(json: JSONValue) {
        guard let longest = json["longest"]?.int, let buckets = json["buckets"]?.array else {
            return nil
        }
        for pair in buckets {
            guard let bucket = pair[0]?.int, let some = pair[1]?.int, some > 0,
                (0..<Self.bucketsMax).contains(bucket)
            else { return nil }
            if bucket >= counts.count {
                counts.append(contentsOf: repeatElement(0, count: bucket + 1 - counts.count))
            }
            counts[bucket] += some
            count += some
        }
        self.longest = .microseconds(longest)
    }

    /// - Parameter share: 0.5 for the median, 0.99 for p99.
    /// - Returns: the upper edge of the bucket that holds the value; `nil` when nothing was recorded.
    public func percentile(_ share: Double) -> Duration? {
        guard count > 0 else { return nil }
        let rank = max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (bucket, some) in counts.enumerated() {
            seen += some
            if seen >= rank { return min(.microseconds(Self.upperEdge(of: bucket)), longest) }
        }
        return longest
    }

    private static func bucket(of microseconds: Int64) -> Int {
        let parts = Int64(partsPerPower)
        guard microseconds >= parts else { return Int(microseconds) }
        let power = 63 - microseconds.leadingZeroBitCount - 5
        let part = Int(microseconds >> power) - partsPerPower
        return min((power + 1) * partsPerPower + part, bucketsMax - 1)
    }

    private static func upperEdge(of bucket: Int) -> Int64 {
        guard bucket >= partsPerPower else { return Int64(bucket) }
        let power = bucket / partsPerPower - 1
        return Int64(partsPerPower + bucket % partsPerPower + 1) << power
    }
}

extension Duration {
    /// Whole microseconds, rounded towards zero.
    public var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }

    public var milliseconds: Double { Double(microseconds) / 1_000 }
}
