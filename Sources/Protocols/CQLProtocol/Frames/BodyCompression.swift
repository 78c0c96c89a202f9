// How bodies of v3 and v4 are compressed, as STARTUP names it.

import MillraceBase
import NIOCore

/// The value of `COMPRESSION` in STARTUP. v5 knows only LZ4, and compresses segments.
///
/// Source: native_protocol_v4.spec, section 5.
package enum BodyCompression: String, Sendable, Hashable, CaseIterable {
    case lz4
    case snappy

    /// Appends `plain` compressed: an LZ4 block behind its length, or a snappy block.
    func compress(_ plain: UnsafeRawBufferPointer, into out: inout ByteBuffer) {
        switch self {
        case .lz4:
            out.writeInteger(Int32(plain.count))
            _ = LZ4Block.compress(plain, into: &out)
        case .snappy: SnappyBlock.compress(plain, into: &out)
        }
    }

    /// The expanded length that a body claims; `nil` when too little of it is there.
    func claimedLength(_ body: ByteBuffer) -> Int? {
        switch self {
        case .lz4:
            body.getInteger(at: body.readerIndex, as: Int32.self).map { max(0, Int($0)) }
        case .snappy: SnappyBlock.claimedLength(body)
        }
    }

    /// - Parameter most: what the expanded body may take, in bytes.
    func expand(_ body: ByteBuffer, most: Int) throws(WireError) -> ByteBuffer {
        let field = "envelope body"
        switch self {
        case .lz4:
            var block = body
            let length = Int(try block.readCQLInt("expanded length"))
            guard length <= most else { throw WireError(.badLength(Int64(length)), in: field) }
            return try LZ4Block.expand(block, count: length, field: field)
        case .snappy: return try SnappyBlock.expand(body, most: most, field: field)
        }
    }
}
