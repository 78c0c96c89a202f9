// How many replicas must have answered.

/// Consistency levels by their codes (native_protocol_v5.spec, section 3).
package enum Consistency: UInt16, Sendable, Hashable, CaseIterable {
    case any = 0x00
    case one = 0x01
    case two = 0x02
    case three = 0x03
    case quorum = 0x04
    case all = 0x05
    case localQuorum = 0x06
    case eachQuorum = 0x07
    case serial = 0x08
    case localSerial = 0x09
    case localOne = 0x0A

    /// As Cassandra writes it: `LOCAL_QUORUM`.
    package var name: String {
        switch self {
        case .any: "ANY"
        case .one: "ONE"
        case .two: "TWO"
        case .three: "THREE"
        case .quorum: "QUORUM"
        case .all: "ALL"
        case .localQuorum: "LOCAL_QUORUM"
        case .eachQuorum: "EACH_QUORUM"
        case .serial: "SERIAL"
        case .localSerial: "LOCAL_SERIAL"
        case .localOne: "LOCAL_ONE"
        }
    }

    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name.uppercased() }) else {
            return nil
        }
        self = found
    }
}
