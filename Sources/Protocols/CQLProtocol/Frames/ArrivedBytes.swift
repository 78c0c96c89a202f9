// Bytes that have arrived and are not cut yet.

import NIOCore

/// Grows by what arrives, not by what a peer claims. Slices may be taken off the front and kept:
/// the bytes they share are never written to again.
struct ArrivedBytes: Sendable {
    private(set) var buffer: ByteBuffer
    /// Slices handed out may still share the storage, so that appending in place would copy it all.
    private var isShared = true

    init(_ buffer: ByteBuffer = ByteBuffer()) { self.buffer = buffer }

    var count: Int { buffer.readableBytes }

    mutating func append(_ more: ByteBuffer) {
        guard buffer.readableBytes > 0 else {
            buffer = more
            isShared = true
            return
        }
        if isShared {
            var joined = ByteBuffer()
            joined.reserveCapacity(buffer.readableBytes + more.readableBytes)
            joined.writeImmutableBuffer(buffer)
            buffer = joined
            isShared = false
        }
        buffer.writeImmutableBuffer(more)
    }

    mutating func skip(_ count: Int) { buffer.moveReaderIndex(forwardBy: count) }

    /// `nil` when there are fewer.
    mutating func take(_ count: Int) -> ByteBuffer? {
        isShared = true
        return buffer.readSlice(length: count)
    }

    /// Up to `most` bytes from there on, which stay where they are; `nil` when there are none.
    func slice(from offset: Int, most: Int) -> ByteBuffer? {
        let count = min(most, buffer.readableBytes - offset)
        return count > 0 ? buffer.getSlice(at: buffer.readerIndex + offset, length: count) : nil
    }

    /// An integer so many bytes from the front, which stays where it is.
    func peek<T: FixedWidthInteger>(_ offset: Int, as type: T.Type = T.self) -> T? {
        buffer.getInteger(at: buffer.readerIndex + offset, as: type)
    }
}
