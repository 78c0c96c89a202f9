// Packs envelopes into v5 segments.

import NIOCore

/// Source: native_protocol_v5.spec, section 2.2; the layout is drawn at `SegmentDecoder`.
enum SegmentEncoder {
    /// Appends `envelopes` to `out`: as many whole ones to a segment as fit, a longer one cut up.
    ///
    /// - Parameter ends: where each envelope ends, as indices of `envelopes`, rising.
    static func append(
        _ envelopes: ByteBuffer, ends: [Int], compressed: Bool, to out: inout ByteBuffer
    ) {
        let payloadMax = CQLLimits.segmentPayloadBytesMax
        out.reserveCapacity(minimumWritableBytes: envelopes.readableBytes + 64)
        var start = envelopes.readerIndex
        var packedEnd = start
        for end in ends {
            if end - start > payloadMax, packedEnd > start {
                segment(envelopes, start..<packedEnd, true, compressed, to: &out)
                start = packedEnd
            }
            if end - start > payloadMax {
                while start < end {
                    let partEnd = min(start + payloadMax, end)
                    segment(envelopes, start..<partEnd, false, compressed, to: &out)
                    start = partEnd
                }
            }
            packedEnd = end
        }
        if packedEnd > start { segment(envelopes, start..<packedEnd, true, compressed, to: &out) }
    }

    private static func segment(
        _ envelopes: ByteBuffer, _ range: Range<Int>, _ isSelfContained: Bool, _ compressed: Bool,
        to out: inout ByteBuffer
    ) {
        let flag: UInt64 = isSelfContained ? 1 : 0
        envelopes.withVeryUnsafeBytes { storage in
            let plain = UnsafeRawBufferPointer(rebasing: storage[range])
            guard compressed else {
                writeHeader(UInt64(plain.count) | flag << 17, count: 3, to: &out)
                out.writeBytes(plain)
                out.writeInteger(SegmentChecksum.payload(plain), endianness: .little)
                return
            }
            var packed = ByteBuffer()
            let packedCount = LZ4Block.compress(plain, into: &packed)
            let shrinks = packedCount < plain.count
            let sentCount = shrinks ? packedCount : plain.count
            let expandedCount = shrinks ? plain.count : 0
            writeHeader(
                UInt64(sentCount) | UInt64(expandedCount) << 17 | flag << 34, count: 5, to: &out)
            packed.withUnsafeReadableBytes { shrunk in
                let sent = shrinks ? shrunk : plain
                out.writeBytes(sent)
                out.writeInteger(SegmentChecksum.payload(sent), endianness: .little)
            }
        }
    }

    private static func writeHeader(_ header: UInt64, count: Int, to out: inout ByteBuffer) {
        let crc = UInt64(SegmentChecksum.header(header, count: count))
        for place in 0..<count {
            out.writeInteger(UInt8(truncatingIfNeeded: header >> UInt64(8 * place)))
        }
        for place in 0..<3 { out.writeInteger(UInt8(truncatingIfNeeded: crc >> UInt64(8 * place))) }
    }
}
