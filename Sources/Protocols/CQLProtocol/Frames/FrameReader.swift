// Bytes of a connection in, envelopes out, through the handshake's switch to segments.

package import MillraceBase
package import NIOCore

/// The reading half of a connection, of client and server alike.
///
/// It starts unframed. On v5 both sides switch right after the reply to STARTUP (READY or
/// AUTHENTICATE, which itself is unframed): the client when it has read that reply, the server when
/// it has written it. What arrived meanwhile is kept and read in the new way.
package struct FrameReader: Sendable {
    private var envelopes: EnvelopeDecoder
    private let bodyBytesMax: Int
    private var segments: SegmentDecoder?
    private var compression: BodyCompression?
    /// A part of an envelope longer than one segment has been read, the rest not yet.
    private var isInsideLarge = false

    /// - Parameter bodyBytesMax: longer bodies are dropped as they come (`Envelope.dropped`), and
    ///   compressed ones that would become longer are refused.
    package init(bodyBytesMax: Int = CQLLimits.bodyBytesMax) {
        self.bodyBytesMax = bodyBytesMax
        envelopes = EnvelopeDecoder(bodyBytesMax: bodyBytesMax)
    }

    package mutating func append(_ bytes: ByteBuffer) {
        if segments == nil { envelopes.append(bytes) } else { segments?.append(bytes) }
    }

    /// v3 and v4: bodies with the flag "compressed" are compressed like this from now on.
    package mutating func beginCompressedBodies(_ compression: BodyCompression = .lz4) {
        self.compression = compression
    }

    /// What the next envelope will take by what its header claims: its own bytes and those that it
    /// expands to. `nil` when the header is not there yet.
    package var claimedBytes: Int? { envelopes.claimedBytes(compression) }

    /// The next envelope, whose header is there, comes out without its body.
    package mutating func dropNext() { envelopes.dropNext() }

    /// v5: everything from here on stands in segments.
    package mutating func beginSegments(compressed: Bool) {
        precondition(segments == nil, "the switch to segments happens once")
        segments = SegmentDecoder(isCompressed: compressed, rest: envelopes.takeRest())
    }

    /// - Returns: the next whole envelope with its body expanded; `nil` when bytes are missing.
    /// - Throws: what makes the connection useless: a wrong checksum, a length beyond the limit, a
    ///   body that is not compressed as agreed. Close it.
    package mutating func next() throws(WireError) -> Envelope? {
        guard segments != nil else { return try expanded(envelopes.next()) }
        while true {
            if let envelope = try envelopes.next() {
                if isInsideLarge {
                    guard !envelopes.isInside else {
                        throw WireError(.leftOver(envelopes.pendingBytes), in: "large envelope")
                    }
                    isInsideLarge = false
                }
                var plain = envelope
                plain.flags.remove(.compressed)
                return plain
            }
            guard isInsideLarge || !envelopes.isInside else {
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

    private func expanded(_ envelope: Envelope?) throws(WireError) -> Envelope? {
        guard var envelope, envelope.flags.contains(.compressed), envelope.dropped == nil else {
            return envelope
        }
        guard let compression else {
            throw WireError(.invalid("is compressed, which was not agreed on"), in: "envelope body")
        }
        envelope.body = try compression.expand(envelope.body, most: bodyBytesMax)
        envelope.flags.remove(.compressed)
        return envelope
    }
}
