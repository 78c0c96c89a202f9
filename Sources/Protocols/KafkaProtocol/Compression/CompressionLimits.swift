// What compressed records may take once they are decompressed.

package enum CompressionLimits {
    /// Bytes of the records of one batch, decompressed. Kafka has no such limit; a megabyte of zeros
    /// compressed by zstd would be a gigabyte of memory.
    package static let recordsBytesMax = 128 << 20
    /// Bytes to begin with, for each compressed one.
    static let growthFirst = 4
    /// Bytes of a block of snappy's framing: what Java's SnappyOutputStream takes.
    static let snappyBlockBytes = 32 << 10
    /// The base-2 logarithm of the largest window of a zstd frame, which the decoder has to keep.
    static let zstdWindowLogMax: Int32 = 27
}
