// Cuts a stream of bytes into the payloads of v5 segments.

import MillraceBase
import NIOCore

/// The payload of one segment, expanded.
struct Segment: Equatable {
    /// Whether it holds whole envelopes; else it is a part of one that is longer than a segment.
    var isSelfContained: Bool
    var payload: ByteBuffer
}

/// Collects bytes and hands out whole, checked segments. All integers are little endian.
///
///     uncompressed: 17 bits payload length, 1 bit self-contained, 6 bits zero, CRC24
///     LZ4:          17 bits compressed length, 17 bits length, 1 bit self-contained, 5 bits, CRC24
///     both:         payload, CRC32 of the payload as sent
///
/// Source: native_protocol_v5.spec, section 2.2.
struct SegmentDecoder: Sendable {
    private var bytes: ArrivedBytes
    private let isCompressed: Bool

    init(isCompressed: Bool, rest: ByteBuffer) {
        self.isCompressed = isCompressed
        bytes = ArrivedBytes(rest)
    }

    mutating func append(_ more: ByteBuffer) { bytes.append(more) }

    /// In Cassandra's words, which its drivers' tests look for.
    private static func mismatch(_ part: String) -> WireError {
        WireError(.invalid("unrecoverable CRC mismatch detected in frame \(part)"), in: "segment:")
    }

    mutating func next() throws(WireError) -> Segment? {
        let fieldBytes = isCompressed ? 5 : 3
        guard bytes.count >= fieldBytes + 3 else { return nil }
        let header = littleEndian(at: 0, count: fieldBytes)
        let crc = littleEndian(at: fieldBytes, count: 3)
        guard UInt64(SegmentChecksum.header(header, count: fieldBytes)) == crc else {
            throw Self.mismatch("header")
        }
        let length = Int(header & 0x1_FFFF)
        let expandedLength = isCompressed ? Int(header >> 17 & 0x1_FFFF) : 0
        let isSelfContained = header >> (isCompressed ? 34 : 17) & 1 == 1
        guard bytes.count >= fieldBytes + 3 + length + 4 else { return nil }
        bytes.skip(fieldBytes + 3)
        let sent = bytes.take(length) ?? ByteBuffer()
        let payloadCRC = littleEndian(at: 0, count: 4)
        bytes.skip(4)
        guard sent.withUnsafeReadableBytes({ UInt64(SegmentChecksum.payload($0)) }) == payloadCRC
        else { throw Self.mismatch("body") }
        guard expandedLength > 0 else {
            return Segment(isSelfContained: isSelfContained, payload: sent)
        }
        let payload = try LZ4Block.expand(sent, count: expandedLength, field: "segment payload")
        return Segment(isSelfContained: isSelfContained, payload: payload)
    }

    private func littleEndian(at offset: Int, count: Int) -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<count {
            let byte = bytes.peek(offset + place, as: UInt8.self) ?? 0
            value |= UInt64(byte) << UInt64(8 * place)
        }
        return value
    }
}
