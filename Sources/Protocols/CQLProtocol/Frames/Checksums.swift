// The two checksums of v5 segments.

import CHash

/// CRC24 guards a segment's header, CRC32 its payload (native_protocol_v5.spec, section 2.2).
enum SegmentChecksum {
    /// Over the `count` low bytes of `header`, lowest first, as they stand on the wire.
    static func header(_ header: UInt64, count: Int) -> UInt32 {
        var crc: UInt32 = 0x87_5060
        for index in 0..<count {
            crc ^= UInt32(truncatingIfNeeded: header >> UInt64(8 * index) & 0xFF) << 16
            for _ in 0..<8 {
                crc <<= 1
                if crc & 0x100_0000 != 0 { crc ^= 0x197_4F0B }
            }
        }
        return crc
    }

    /// zlib's CRC-32, fed with FA 2D 55 CA before the payload.
    static func payload(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        chash_crc32(payloadSeed, bytes.baseAddress, bytes.count)
    }

    private static let payloadSeed: UInt32 = {
        let start: [UInt8] = [0xFA, 0x2D, 0x55, 0xCA]
        return chash_crc32(0, start, start.count)
    }()
}
