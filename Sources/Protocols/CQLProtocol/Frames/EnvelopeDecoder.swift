// Cuts a stream of bytes into envelopes.

package import MillraceBase
package import NIOCore

/// Collects bytes and hands out whole envelopes.
///
/// Invariants: never takes memory for a length that a peer only claims; a body shares the storage of
/// the bytes it arrived in. After an error, or after an envelope of a version that is not spoken
/// here, nothing more comes out: answer and close.
package struct EnvelopeDecoder: Sendable {
    private var bytes = ArrivedBytes()
    private var isOver = false

    package init() {}

    /// Bytes that wait for the rest of their envelope.
    package var pendingBytes: Int { bytes.count }

    package mutating func append(_ more: ByteBuffer) { bytes.append(more) }

    /// What is not cut yet, for a decoder of another kind to go on with.
    mutating func takeRest() -> ByteBuffer {
        defer { bytes = ArrivedBytes() }
        return bytes.buffer
    }

    /// - Returns: `nil` until the next envelope is whole. Its body may still be compressed (v3, v4).
    package mutating func next() throws(WireError) -> Envelope? {
        guard !isOver, let first = bytes.peek(0, as: UInt8.self) else { return nil }
        let version = first & 0x7F
        // Versions 1 and 2 have one byte for the stream id.
        let headerBytes = version <= 2 ? 8 : Envelope.headerBytes
        guard bytes.count >= headerBytes else { return nil }
        let stream: Int16? =
            version <= 2 ? bytes.peek(2, as: Int8.self).map(Int16.init) : bytes.peek(2)
        var envelope = Envelope(
            version: version, isResponse: first & 0x80 != 0,
            flags: EnvelopeFlags(rawValue: bytes.peek(1) ?? 0), stream: stream ?? 0,
            opcode: bytes.peek(version <= 2 ? 3 : 4) ?? 0, body: ByteBuffer())
        guard envelope.protocolVersion != nil else {
            isOver = true
            return envelope
        }
        let length = Int(bytes.peek(5, as: Int32.self) ?? 0)
        guard (0...CQLLimits.bodyBytesMax).contains(length) else {
            isOver = true
            throw WireError(.badLength(Int64(length)), in: "envelope length")
        }
        guard bytes.count >= headerBytes + length else { return nil }
        bytes.skip(headerBytes)
        envelope.body = bytes.take(length) ?? ByteBuffer()
        return envelope
    }
}
