// What reading and writing messages may take at most.

enum Limits {
    /// How many array elements one message may hold in all. It keeps a frame of tiny elements from
    /// growing into gigabytes of values; Kafka bounds the frame only.
    static let elementsMax = 4_000_000
    /// Records of at least so many bytes are handed on as a piece of their own instead of copied.
    static let pieceBytesMin = 4096
}
