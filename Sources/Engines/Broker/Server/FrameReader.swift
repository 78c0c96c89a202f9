// Cuts a connection's bytes into requests.

import NIOCore

/// Why a connection's bytes are no requests; it is closed then, as Kafka does.
enum FrameFault: Error, Equatable, Sendable {
    /// A size that no request has, in bytes.
    case badSize(Int32)
}

/// Collects bytes until a frame is whole: a size of four bytes, then so many bytes.
///
/// A frame that arrives in one piece is a slice of it, without a copy. Memory for a larger one grows
/// with the bytes that have come, not with the size that is claimed.
struct FrameReader {
    private var buffer = ByteBuffer()
    /// Kafka's `socket.request.max.bytes`, or less for a client that has not said who it is.
    var limitBytes: Int

    init(limitBytes: Int = Limits.requestBytesMax) { self.limitBytes = limitBytes }

    /// Bytes of a frame that is not whole yet.
    var waitingBytes: Int { buffer.readableBytes }

    /// What the frame that is not whole yet will take with its size; `nil` while that is unknown.
    var claimedBytes: Int? {
        buffer.getInteger(at: buffer.readerIndex, as: Int32.self).map { Int($0) + 4 }
    }

    mutating func add(_ bytes: ByteBuffer) {
        guard buffer.readableBytes > 0 else {
            buffer = bytes
            return
        }
        let have = buffer.readableBytes + bytes.readableBytes
        if buffer.writableBytes < bytes.readableBytes {
            let whole = claimedBytes ?? 4
            // Doubling keeps the copies linear; the claim keeps the last doubling small.
            let room = max(have, min(whole, max(2 * have, Limits.frameBytesReservedFirst)))
            var larger = ByteBufferAllocator().buffer(capacity: room)
            larger.writeImmutableBuffer(buffer)
            buffer = larger
        }
        buffer.writeImmutableBuffer(bytes)
    }

    /// - Returns: the next frame without its size; `nil` when it has not all come.
    mutating func next() throws(FrameFault) -> ByteBuffer? {
        guard let size = buffer.getInteger(at: buffer.readerIndex, as: Int32.self) else {
            return nil
        }
        guard size >= 0, Int(size) <= limitBytes else { throw .badSize(size) }
        guard buffer.readableBytes >= Int(size) + 4 else { return nil }
        buffer.moveReaderIndex(forwardBy: 4)
        return buffer.readSlice(length: Int(size))
    }

    /// To be called when `next` gave all frames: the rest gets memory of its own, so that it can grow
    /// without copying the frames that were handed out, and a few bytes do not hold much memory.
    mutating func settle() {
        guard buffer.readableBytes > 0 else {
            buffer = ByteBuffer()
            return
        }
        let isSpacious = buffer.readableBytes * 4 < buffer.capacity
        guard buffer.readerIndex > 0 || isSpacious else { return }
        let expected = min(claimedBytes ?? 4, Limits.frameBytesReservedFirst)
        var rest = ByteBufferAllocator().buffer(
            capacity: max(buffer.readableBytes, expected))
        rest.writeImmutableBuffer(buffer)
        buffer = rest
    }
}
