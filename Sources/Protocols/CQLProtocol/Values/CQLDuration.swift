// A span of months, days and nanoseconds, which do not convert into each other.

package import MillraceBase

/// The value of CQL's duration. All parts have the same sign, or are 0.
package struct CQLDuration: Sendable, Hashable, CustomStringConvertible {
    package var months: Int32
    package var days: Int32
    package var nanoseconds: Int64

    package init(months: Int32, days: Int32, nanoseconds: Int64) {
        self.months = months
        self.days = days
        self.nanoseconds = nanoseconds
    }

    /// As CQL writes it: `1y2mo3d4h5m6s7ms8us9ns`; nothing at all when it is 0,
    /// as Cassandra writes it.
    package var description: String {
        var out = months < 0 || days < 0 || nanoseconds < 0 ? "-" : ""
        func add(_ amount: UInt64, _ unit: String) { if amount > 0 { out += "\(amount)\(unit)" } }
        add(UInt64(months.magnitude / 12), "y")
        add(UInt64(months.magnitude % 12), "mo")
        add(UInt64(days.magnitude), "d")
        var rest = nanoseconds.magnitude
        for (size, unit) in Self.units {
            add(rest / size, unit)
            rest %= size
        }
        return out
    }

    private static let units: [(UInt64, String)] = [
        (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"),
        (1_000, "us"), (1, "ns"),
    ]
}

extension CQLDuration {
    /// Months, days and nanoseconds as they stand in a value, whether they fit or not.
    package static func parts(
        of bytes: [UInt8]
    ) throws(WireError) -> (months: Int64, days: Int64, nanoseconds: Int64) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(WireError) in
                var reader = CellReader(bytes)
                let parts = try parts(&reader)
                try reader.expectEnd("duration")
                return parts
            }
        }
        return try result.get()
    }

    static func parts(
        _ reader: inout CellReader
    ) throws(WireError) -> (months: Int64, days: Int64, nanoseconds: Int64) {
        let months = try reader.vint("duration")
        let days = try reader.vint("duration")
        return (months, days, try reader.vint("duration"))
    }
}
