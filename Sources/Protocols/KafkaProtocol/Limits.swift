// What reading and writing messages may take at most.

enum Limits {
    /// Memory that the values of any message may take, and so much more for each byte of it. It keeps a
    /// frame of tiny elements from growing into gigabytes; Kafka bounds the frame only.
    static let valueBytesMin = 16 << 20
    static let valueBytesPerWireByte = 4
    /// What an array or a long string takes besides its elements.
    static let allocationBytes = 32
    /// A string of either form; bytes and records may be longer.
    static let stringBytesMax = Int64(Int16.max)
    /// Longer strings have memory of their own.
    static let stringBytesInline = 15
    /// Records of at least so many bytes are handed on as a piece of their own instead of copied.
    static let pieceBytesMin = 4096
}
