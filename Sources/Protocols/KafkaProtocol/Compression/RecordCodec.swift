// The compression of a batch's records: gzip, snappy, lz4 and zstd, as Kafka's clients write them.
// Source: apache/kafka org.apache.kafka.common.compress; reference/kafka.md A5 trap 15

package import MillraceBase
package import NIOCore

package enum RecordCodec {
    package typealias Compression = RecordBatchAttributes.Compression

    /// - Parameters:
    ///   - records: what follows the 61 bytes of the header, and nothing more.
    ///   - limitBytes: of the decompressed records.
    ///   - headBytes: zeros to leave in front of them, so that a header needs no second buffer.
    /// - Throws: for bytes the codec did not write, and for too many: `isTooLarge` tells which.
    package static func decompress(
        _ records: ByteBuffer, codec: Compression, limitBytes: Int, headBytes: Int = 0
    ) throws(WireError) -> ByteBuffer {
        if codec == .none, headBytes == 0 { return records }
        return try converting(records) { bytes throws(WireError) in
            var out = CodecOutput(
                firstBytes: bytes.count, limitBytes: limitBytes, headBytes: headBytes)
            switch codec {
            case .none: out.append(bytes)
            case .gzip: try GzipCodec.decompress(bytes, into: &out)
            case .snappy: try SnappyCodec.decompress(bytes, into: &out)
            case .lz4: try LZ4Codec.decompress(bytes, into: &out)
            case .zstd: try ZstdCodec.decompress(bytes, into: &out)
            }
            return out.buffer
        }
    }

    /// - Parameter level: the codec's own scale; `nil` is its default. snappy has none.
    package static func compress(
        _ records: ByteBuffer, codec: Compression, level: Int32? = nil
    ) throws(WireError) -> ByteBuffer {
        try converting(records) { bytes throws(WireError) in
            switch codec {
            case .none: ByteBuffer(bytes: bytes)
            case .gzip: try GzipCodec.compress(bytes, level: level)
            case .snappy: try SnappyCodec.compress(bytes)
            case .lz4: try LZ4Codec.compress(bytes, level: level)
            case .zstd: try ZstdCodec.compress(bytes, level: level)
            }
        }
    }

    private static func converting(
        _ records: ByteBuffer, _ body: (UnsafeRawBufferPointer) throws(WireError) -> ByteBuffer
    ) throws(WireError) -> ByteBuffer {
        // The closure of `withUnsafeReadableBytes` cannot throw a typed error.
        try records.withUnsafeReadableBytes { bytes in
            Result { () throws(WireError) in try body(bytes) }
        }.get()
    }
}

/// Memory that grows with what a decoder writes, up to a limit.
struct CodecOutput {
    private(set) var buffer = ByteBuffer()
    private let firstBytes: Int
    private let limitBytes: Int

    init(firstBytes: Int, limitBytes: Int, headBytes: Int = 0) {
        self.firstBytes = firstBytes
        self.limitBytes = headBytes + limitBytes
        buffer.writeRepeatingByte(0, count: headBytes)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) { buffer.writeBytes(bytes) }

    /// Gives `body` room to write to, which is at least one byte; it returns the bytes written.
    ///
    /// - Parameter wanted: bytes that are known to come; 0 when the decoder cannot say.
    mutating func write(
        _ wanted: Int = 0, _ body: (UnsafeMutableRawBufferPointer) -> Int
    ) throws(WireError) {
        let left = limitBytes - buffer.readableBytes
        guard left > 0, wanted <= left else {
            throw WireError(.badLength(Int64(limitBytes)), in: WireError.tooLargeField)
        }
        let growth = max(buffer.readableBytes, firstBytes * CompressionLimits.growthFirst, 512)
        let count = wanted > 0 ? wanted : min(left, growth)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
            body(UnsafeMutableRawBufferPointer(rebasing: room.prefix(count)))
        }
    }
}

extension WireError {
    fileprivate static let tooLargeField = "decompressed records"

    /// Whether records were given up because they are more than the limit, damaged or not.
    package var isTooLarge: Bool { field == Self.tooLargeField }

    /// - Parameter codec: its name.
    static func damaged(_ codec: String) -> WireError {
        WireError(.invalid("cannot be decompressed"), in: "\(codec) records")
    }
}
