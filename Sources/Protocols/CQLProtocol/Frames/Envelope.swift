// One message of the protocol with its header; v3 and v4 call it a frame.

package import NIOCore

/// An envelope as it stands on the wire.
///
///     ┌───────────┬───────┬────────┬────────┬────────┬──────────
///     │ version   │ flags │ stream │ opcode │ length │ body …
///     │ u8, 0x80: │  u8   │  i16   │   u8   │ i32,   │
///     │ response  │       │        │        │ bytes  │
///     └───────────┴───────┴────────┴────────┴────────┴──────────
///
/// Source: native_protocol_v5.spec, section 2.
package struct Envelope: Sendable, Equatable {
    package static let headerBytes = 9

    /// As sent, without the direction bit; may be one that is not spoken here (`protocolVersion`).
    package var version: UInt8
    package var isResponse: Bool
    package var flags: EnvelopeFlags
    /// Which request this belongs to; -1 for what a server sends unasked.
    package var stream: Int16
    /// As sent; see `knownOpcode`.
    package var opcode: UInt8
    /// Uncompressed. Empty when the version is not spoken here.
    package var body: ByteBuffer
    /// Why there is no body although one was sent.
    package var dropped: Dropped?

    package enum Dropped: Sendable, Hashable {
        /// It was longer than the reader takes; this many bytes.
        case tooLong(Int)
        /// The reader was told to (`FrameReader.dropNext`).
        case unwanted
    }

    package init(
        version: UInt8, isResponse: Bool, flags: EnvelopeFlags = [], stream: Int16, opcode: UInt8,
        body: ByteBuffer
    ) {
        self.version = version
        self.isResponse = isResponse
        self.flags = flags
        self.stream = stream
        self.opcode = opcode
        self.body = body
    }

    package var protocolVersion: ProtocolVersion? { ProtocolVersion(rawValue: version) }
    package var knownOpcode: Opcode? { Opcode(rawValue: opcode) }
}
