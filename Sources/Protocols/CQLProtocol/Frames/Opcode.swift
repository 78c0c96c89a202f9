// What an envelope carries.

/// The operation codes of protocol v3 to v5 (native_protocol_v5.spec, section 2.4).
package enum Opcode: UInt8, Sendable, Hashable, CaseIterable {
    case error = 0x00
    case startup = 0x01
    case ready = 0x02
    case authenticate = 0x03
    case options = 0x05
    case supported = 0x06
    case query = 0x07
    case result = 0x08
    case prepare = 0x09
    case execute = 0x0A
    case register = 0x0B
    case event = 0x0C
    case batch = 0x0D
    case authChallenge = 0x0E
    case authResponse = 0x0F
    case authSuccess = 0x10
}

/// The flags of an envelope's header.
package struct EnvelopeFlags: OptionSet, Sendable, Hashable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// v3 and v4: the body is compressed. v5 ignores it: segments are compressed there.
    package static let compressed = EnvelopeFlags(rawValue: 0x01)
    /// Request: trace this. Response: the body starts with the tracing session's id.
    package static let tracing = EnvelopeFlags(rawValue: 0x02)
    /// v4 and later: the body carries a map of bytes for extensions.
    package static let customPayload = EnvelopeFlags(rawValue: 0x04)
    /// v4 and later, responses: the body carries a list of warnings.
    package static let warning = EnvelopeFlags(rawValue: 0x08)
    package static let useBeta = EnvelopeFlags(rawValue: 0x10)
}
