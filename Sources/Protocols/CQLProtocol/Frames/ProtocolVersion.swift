// The versions of the native protocol that are spoken here.

/// A version of the CQL native protocol. 1 and 2 have another header and are refused.
package enum ProtocolVersion: UInt8, Sendable, Hashable, CaseIterable, Comparable {
    case v3 = 3
    case v4 = 4
    case v5 = 5

    package static let latest = ProtocolVersion.v5

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The next one to try when a server does not know this one.
    package var lower: ProtocolVersion? { ProtocolVersion(rawValue: rawValue - 1) }

    /// As SUPPORTED lists it under `PROTOCOL_VERSIONS`: "5/v5".
    package var listed: String { "\(rawValue)/v\(rawValue)" }
}
