// Bytes of a connection in, envelopes out, through the handshake's switch to segments.

package import MillraceBase
package import NIOCore

/// The reading half of a connection, of client and server alike.
///
/// It starts unframed. On v5 both sides switch right after the reply to STARTUP (READY or
/// AUTHENTICATE, which itself is unframed): the client when it has read that reply, the server when
/// it has written it. What arrived meanwhile is kept and read in the new way.
package struct FrameReader: Sendable {
    private var envelopes = EnvelopeDecoder()
    private var segments: SegmentDecoder?
    private var compressesBodies = false
    /// A part of an envelope longer than one segment has been read, the rest not yet.
    private var isInsideLarge = false

    package init() {}

    package mutating func append(_ bytes: ByteBuffer) {
        if segments == nil { envelopes.append(bytes) } else { segments?.append(bytes) }
    }

    /// v3 and v4: bodies with the flag "compressed" are LZ4 from now on.
    package mutating func beginCompressedBodies() { compressesBodies = true }

    /// v5: everything from here on stands in segments.
    package mutating func beginSegments(compressed: Bool) {
        precondition(segments == nil, "the switch to segments happens once")
        segments = SegmentDecoder(isCompressed: compressed, rest: envelopes.takeRest())
    }

    /// - Returns: the next whole envelope with its body expanded; `nil` when bytes are missing.
    /// - Throws: what makes the connection useless: a wrong checksum, a length beyond the limit, a
    ///   body that is no LZ4 block. Close it.
    package mutating func next() throws(WireError) -> Envelope? {
        guard segments != nil else { return try expanded(envelopes.next()) }
        while true {
            if let envelope = try envelopes.next() {
                if isInsideLarge {
                    guard envelopes.pendingBytes == 0 else {
                        throw WireError(.leftOver(envelopes.pendingBytes), in: "large envelope")
                    }
                    isInsideLarge = false
                }
                var plain = envelope
                plain.flags.remove(.compressed)
                return plain
            }
            guard isInsideLarge || envelopes.pendingBytes == 0 else {
                throw WireError(.cutShort, in: "envelope in a self-contained segment")
            }
            guard let segment = try segments?.next() else { return nil }
            guard !(segment.isSelfContained && isInsideLarge) else {
                throw WireError(.cutShort, in: "large envelope")
            }
            isInsideLarge = !segment.isSelfContained
            envelopes.append(segment.payload)
        }
    }

    /// v3 and v4: an LZ4 body starts with its expanded length, big endian.
    private func expanded(_ envelope: Envelope?) throws(WireError) -> Envelope? {
        guard var envelope, envelope.flags.contains(.compressed) else { return envelope }
        guard compressesBodies else {
            throw WireError(.invalid("is compressed, which was not agreed on"), in: "envelope body")
        }
        let length = Int(try envelope.body.readCQLInt("expanded length"))
        envelope.body = try LZ4Block.expand(envelope.body, count: length, field: "envelope body")
        envelope.flags.remove(.compressed)
        return envelope
    }
}
