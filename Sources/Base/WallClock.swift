// The time of day as a number, for what is written down.

import Foundation

/// Where the time of day comes from; a parameter, so that a test can hold it.
public struct WallClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00Z.
    public var milliseconds: @Sendable () -> Int64

    public init(milliseconds: @escaping @Sendable () -> Int64) { self.milliseconds = milliseconds }

    public static let system = WallClock {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
    }

    public static func fixed(_ milliseconds: Int64) -> WallClock { WallClock { milliseconds } }
}
