// Records that stay in a file while the answer around them is written.

import NIOCore

/// A message is written with bytes of the right number in the place of the records; the pieces that
/// are those bytes become parts of files.
enum FileStandIn {
    /// Address space that is never touched: nobody writes or reads it, so it takes no memory.
    private static let untouched: ByteBuffer = {
        var buffer = ByteBufferAllocator().buffer(capacity: Limits.fetchBytesMax)
        buffer.moveWriterIndex(to: Limits.fetchBytesMax)
        return buffer
    }()

    /// - Precondition: `count` is at most what a fetch answers.
    static func bytes(_ count: Int) -> ByteBuffer {
        guard let bytes = untouched.getSlice(at: 0, length: count) else {
            preconditionFailure("\(count) bytes of a file are more than a fetch answers")
        }
        return bytes
    }

    /// - Parameters:
    ///   - pieces: of a frame; a stand-in is a piece of its own.
    ///   - files: in the order of the stand-ins.
    static func replaced(_ pieces: [ByteBuffer], by files: [FilePart]) -> [AnswerPiece] {
        var rest = files[...]
        let made = pieces.map { piece -> AnswerPiece in
            guard isStandIn(piece), let file = rest.popFirst() else { return .bytes(piece) }
            precondition(file.count == piece.readableBytes, "a stand-in has its file's size")
            return .file(file)
        }
        precondition(rest.isEmpty, "every part of a file has its place in the frame")
        return made
    }

    private static func isStandIn(_ piece: ByteBuffer) -> Bool {
        let start = untouched.withUnsafeReadableBytes { $0.baseAddress }
        return piece.withUnsafeReadableBytes { $0.baseAddress } == start
    }
}
