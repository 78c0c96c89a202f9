// Small steps that the suites share.

import CQLProtocol
import MillraceBase
import NIOCore

func bytes(hex: String) -> [UInt8] {
    var out: [UInt8] = []
    var rest = Substring(hex)
    while rest.count >= 2 {
        out.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
    }
    return out
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func buffer(_ bytes: some Sequence<UInt8>) -> ByteBuffer { ByteBuffer(bytes: bytes) }

/// All envelopes that come out of a reader when bytes arrive in pieces of that size.
func envelopes(
    _ wire: ByteBuffer, piece: Int, reader: FrameReader
) throws -> [Envelope] {
    var reader = reader
    var rest = wire
    var out: [Envelope] = []
    while let part = rest.readSlice(length: min(piece, rest.readableBytes)), part.readableBytes > 0
    {
        reader.append(ByteBuffer(bytes: part.readableBytesView))
        while let envelope = try reader.next() { out.append(envelope) }
    }
    return out
}

/// What a writer has collected, as bytes.
func flushed(_ writer: inout FrameWriter) -> ByteBuffer { writer.flush() ?? ByteBuffer() }
