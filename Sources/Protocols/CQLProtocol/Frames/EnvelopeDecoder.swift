// Cuts a stream of bytes into envelopes.

package import MillraceBase
package import NIOCore

/// Collects bytes and hands out whole envelopes.
///
/// Invariants: never takes memory for a length that a peer only claims; a body shares the storage of
/// the bytes it arrived in. After an error, or after an envelope of a version that is not spoken
/// here, nothing more comes out: answer and close.
package struct EnvelopeDecoder: Sendable {
    private var bytes = ByteBuffer()
    /// Bodies handed out may still share the storage, so that appending in place would copy it all.
    private var isShared = false
    private var isOver = false

    package init() {}

    /// Bytes that wait for the rest of their envelope.
    package var pendingBytes: Int { bytes.readableBytes }

    package mutating func append(_ more: ByteBuffer) {
        if bytes.readableBytes == 0 {
            bytes = more
            isShared = true
            return
        }
        if isShared {
            var joined = ByteBuffer()
            joined.reserveCapacity(bytes.readableBytes + more.readableBytes)
            joined.writeImmutableBuffer(bytes)
            bytes = joined
            isShared = false
        }
        bytes.writeImmutableBuffer(more)
    }

    /// What is not cut yet, for a decoder of another kind to go on with.
    mutating func takeRest() -> ByteBuffer {
        defer { bytes = ByteBuffer() }
        return bytes
    }

    /// - Returns: `nil` until the next envelope is whole. Its body may still be compressed (v3, v4).
    package mutating func next() throws(WireError) -> Envelope? {
        guard !isOver else { return nil }
        let start = bytes.readerIndex
        guard let first = bytes.getInteger(at: start, as: UInt8.self) else { return nil }
        let version = first & 0x7F
        // Versions 1 and 2 have one byte for the stream id.
        let headerBytes = version <= 2 ? 8 : Envelope.headerBytes
        guard bytes.readableBytes >= headerBytes else { return nil }
        let flags = bytes.getInteger(at: start + 1, as: UInt8.self) ?? 0
        var envelope = Envelope(
            version: version, isResponse: first & 0x80 != 0, flags: EnvelopeFlags(rawValue: flags),
            stream: 0, opcode: 0, body: ByteBuffer())
        if version <= 2 {
            envelope.stream = Int16(bytes.getInteger(at: start + 2, as: Int8.self) ?? 0)
            envelope.opcode = bytes.getInteger(at: start + 3, as: UInt8.self) ?? 0
        } else {
            envelope.stream = bytes.getInteger(at: start + 2, as: Int16.self) ?? 0
            envelope.opcode = bytes.getInteger(at: start + 4, as: UInt8.self) ?? 0
        }
        guard envelope.protocolVersion != nil else {
            isOver = true
            return envelope
        }
        let length = Int(bytes.getInteger(at: start + 5, as: Int32.self) ?? 0)
        guard length >= 0, length <= CQLLimits.bodyBytesMax else {
            isOver = true
            throw WireError(.badLength(Int64(length)), in: "envelope length")
        }
        guard bytes.readableBytes >= headerBytes + length else { return nil }
        bytes.moveReaderIndex(forwardBy: headerBytes)
        envelope.body = try bytes.readCQLSlice(length, "envelope body")
        isShared = true
        return envelope
    }
}
