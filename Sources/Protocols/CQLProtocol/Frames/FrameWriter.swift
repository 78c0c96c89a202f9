// Envelopes in, bytes for a connection out, many envelopes for one flush.

package import MillraceBase
package import NIOCore

/// The writing half of a connection, of client and server alike.
///
/// Envelopes are collected by `write` and leave together by `flush`: in v5 small ones share a
/// segment, one longer than a segment is cut into several. Unframed until `beginSegments`, which
/// the server calls after it wrote the reply to STARTUP, the client after it read that reply.
package struct FrameWriter: Sendable {
    private var ready = ByteBuffer()
    /// v5 after the switch: envelopes that wait for their segment, and where each ends.
    private var pending = ByteBuffer()
    private var pendingEnds: [Int] = []
    private var segmentsAreCompressed: Bool?
    private var compression: BodyCompression?

    package init() {}

    /// Bytes that the next `flush` sends, before segments and compression.
    package var pendingBytes: Int { ready.readableBytes + pending.readableBytes }

    package mutating func beginCompressedBodies(_ compression: BodyCompression = .lz4) {
        self.compression = compression
    }

    package mutating func beginSegments(compressed: Bool) {
        precondition(segmentsAreCompressed == nil, "the switch to segments happens once")
        segmentsAreCompressed = compressed
    }

    /// Appends one envelope; `body` appends its body to the buffer it is given.
    ///
    /// - Throws: what `body` throws; then nothing was appended. A body above 256 MB is a WireError.
    package mutating func write(
        version: ProtocolVersion, isResponse: Bool, flags: EnvelopeFlags = [], stream: Int16,
        opcode: Opcode, body: (inout ByteBuffer) throws(WireError) -> Void
    ) throws(WireError) {
        if segmentsAreCompressed != nil {
            try Self.append(
                to: &pending, version: version, isResponse: isResponse, flags: flags,
                stream: stream, opcode: opcode, compression: nil, body: body)
            pendingEnds.append(pending.writerIndex)
        } else {
            try Self.append(
                to: &ready, version: version, isResponse: isResponse, flags: flags, stream: stream,
                opcode: opcode, compression: version < .v5 ? compression : nil, body: body)
        }
    }

    /// Everything written since the last flush, as it goes to the socket; `nil` when that is nothing.
    package mutating func flush() -> ByteBuffer? {
        if let compressed = segmentsAreCompressed, !pendingEnds.isEmpty {
            SegmentEncoder.append(pending, ends: pendingEnds, compressed: compressed, to: &ready)
            pending.clear(minimumCapacity: min(pending.capacity, 1 << 20))
            pendingEnds.removeAll(keepingCapacity: true)
        }
        guard ready.readableBytes > 0 else { return nil }
        defer { ready = ByteBuffer() }
        return ready
    }

    private static func append(
        to out: inout ByteBuffer, version: ProtocolVersion, isResponse: Bool, flags: EnvelopeFlags,
        stream: Int16, opcode: Opcode, compression: BodyCompression?,
        body: (inout ByteBuffer) throws(WireError) -> Void
    ) throws(WireError) {
        let start = out.writerIndex
        out.writeMultipleIntegers(
            version.rawValue | (isResponse ? 0x80 : 0), flags.rawValue, stream, opcode.rawValue,
            Int32(0))
        do throws(WireError) {
            try body(&out)
            let length = out.writerIndex - start - Envelope.headerBytes
            guard length <= CQLLimits.bodyBytesMax else {
                throw WireError(.badLength(Int64(length)), in: "envelope length")
            }
        } catch {
            out.moveWriterIndex(to: start)
            throw error
        }
        let bodyStart = start + Envelope.headerBytes
        if let compression, out.writerIndex - bodyStart >= CQLLimits.compressedBodyBytesMin {
            compressBody(in: &out, from: bodyStart, compression)
            out.setInteger(flags.union(.compressed).rawValue, at: start + 1)
        }
        out.setInteger(Int32(out.writerIndex - bodyStart), at: start + 5)
    }

    private static func compressBody(
        in out: inout ByteBuffer, from start: Int, _ compression: BodyCompression
    ) {
        guard let plain = out.getSlice(at: start, length: out.writerIndex - start) else { return }
        var packed = ByteBuffer()
        plain.withUnsafeReadableBytes { compression.compress($0, into: &packed) }
        out.moveWriterIndex(to: start)
        out.writeImmutableBuffer(packed)
    }
}
