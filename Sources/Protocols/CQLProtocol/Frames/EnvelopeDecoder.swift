// Cuts a stream of bytes into envelopes.

package import MillraceBase
package import NIOCore

/// Collects bytes and hands out whole envelopes.
///
/// Invariants: never takes memory for a length that a peer only claims; a body shares the storage of
/// the bytes it arrived in; a body longer than `bodyBytesMax` is dropped as it comes. After an error,
/// or after an envelope of a version that is not spoken here, nothing more comes out: answer and
/// close.
package struct EnvelopeDecoder: Sendable {
    private var bytes = ArrivedBytes()
    private var isOver = false
    private let bodyBytesMax: Int
    /// An envelope whose body is dropped as it comes, and what of it is missing.
    private var dropping: (envelope: Envelope, missing: Int)?

    /// - Parameter bodyBytesMax: longer ones come out without their body (`Envelope.dropped`).
    package init(bodyBytesMax: Int = CQLLimits.bodyBytesMax) { self.bodyBytesMax = bodyBytesMax }

    /// Bytes that wait for the rest of their envelope.
    package var pendingBytes: Int { bytes.count }

    /// Whether an envelope has begun and is not whole yet.
    var isInside: Bool { bytes.count > 0 || dropping != nil }

    package mutating func append(_ more: ByteBuffer) {
        var more = more
        if let missing = dropping?.missing, missing > 0 {
            let count = min(missing, more.readableBytes)
            more.moveReaderIndex(forwardBy: count)
            dropping?.missing = missing - count
        }
        if more.readableBytes > 0 { bytes.append(more) }
    }

    /// What is not cut yet, for a decoder of another kind to go on with.
    mutating func takeRest() -> ByteBuffer {
        defer { bytes = ArrivedBytes() }
        return bytes.buffer
    }

    /// What the next envelope will take, as far as its header tells; `nil` when that is not there
    /// yet, or when its body will be dropped.
    ///
    /// - Parameter compression: what bodies with the flag "compressed" will be expanded by.
    func claimedBytes(_ compression: BodyCompression?) -> Int? {
        guard dropping == nil, !isOver, bytes.count >= Envelope.headerBytes,
            let version = bytes.peek(0, as: UInt8.self),
            ProtocolVersion(rawValue: version & 0x7F) != nil,
            let flags = bytes.peek(1, as: UInt8.self), let length = bytes.peek(5, as: Int32.self),
            length >= 0, Int(length) <= bodyBytesMax
        else { return nil }
        var claimed = Envelope.headerBytes + Int(length)
        if let compression, EnvelopeFlags(rawValue: flags).contains(.compressed),
            let start = bytes.slice(from: Envelope.headerBytes, most: 5),
            let expanded = compression.claimedLength(start)
        {
            claimed += min(expanded, bodyBytesMax)
        }
        return claimed
    }

    /// The next envelope comes out without its body, which is dropped as it comes. To be called only
    /// when its header is there (`claimedBytes`).
    mutating func dropNext() {
        guard dropping == nil, let header = header(), header.length >= 0 else { return }
        drop(header.envelope, header.length, .unwanted)
    }

    /// - Returns: `nil` until the next envelope is whole. Its body may still be compressed (v3, v4).
    package mutating func next() throws(WireError) -> Envelope? {
        if let (envelope, missing) = dropping {
            guard missing == 0 else { return nil }
            dropping = nil
            return envelope
        }
        guard !isOver, let (header, length, headerBytes) = header() else { return nil }
        var envelope = header
        guard envelope.protocolVersion != nil else {
            isOver = true
            return envelope
        }
        guard length >= 0 else {
            isOver = true
            throw WireError(
                .invalid("\(length)"), in: "Invalid value for envelope header body length field:")
        }
        guard length <= CQLLimits.bodyBytesMax else {
            isOver = true
            throw WireError(
                .invalid(
                    "length \(length) exceeds maximum allowed length \(CQLLimits.bodyBytesMax)"),
                in: "Request is too big:")
        }
        guard length <= bodyBytesMax else {
            drop(envelope, length, .tooLong(length))
            return try next()
        }
        guard bytes.count >= headerBytes + length else { return nil }
        bytes.skip(headerBytes)
        envelope.body = bytes.take(length) ?? ByteBuffer()
        return envelope
    }

    private mutating func drop(_ envelope: Envelope, _ length: Int, _ why: Envelope.Dropped) {
        var envelope = envelope
        envelope.dropped = why
        bytes.skip(Envelope.headerBytes)
        let here = min(length, bytes.count)
        bytes.skip(here)
        dropping = (envelope, length - here)
    }

    /// What the first bytes say, once they are there; they stay where they are.
    private func header() -> (envelope: Envelope, length: Int, headerBytes: Int)? {
        guard let first = bytes.peek(0, as: UInt8.self) else { return nil }
        let version = first & 0x7F
        // Versions 1 and 2 have one byte for the stream id.
        let headerBytes = version <= 2 ? 8 : Envelope.headerBytes
        guard bytes.count >= headerBytes else { return nil }
        let stream: Int16? =
            version <= 2 ? bytes.peek(2, as: Int8.self).map(Int16.init) : bytes.peek(2)
        let envelope = Envelope(
            version: version, isResponse: first & 0x80 != 0,
            flags: EnvelopeFlags(rawValue: bytes.peek(1) ?? 0), stream: stream ?? 0,
            opcode: bytes.peek(version <= 2 ? 3 : 4) ?? 0, body: ByteBuffer())
        return (envelope, Int(bytes.peek(5, as: Int32.self) ?? 0), headerBytes)
    }
}
