// What an answer is made of: bytes in memory, and parts of files that need not be read for it.

import Foundation
import NIOCore
import NIOPosix

/// A part of a file. It stays readable while this value lives, also when the file is deleted.
struct FilePart: Sendable {
    var file: DiskFile
    var position: Int
    var count: Int
}

/// One piece of an answer, to be sent behind the one before it.
enum AnswerPiece: Sendable {
    case bytes(ByteBuffer)
    /// Goes from the disk's cache to the socket; with TLS it is read in steps as the client takes it.
    case file(FilePart)

    /// The bytes in memory; `nil` for a part of a file.
    var buffer: ByteBuffer? {
        switch self {
        case .bytes(let buffer): buffer
        case .file: nil
        }
    }

    var count: Int {
        switch self {
        case .bytes(let buffer): buffer.readableBytes
        case .file(let part): part.count
        }
    }
}

extension FilePart {
    /// A region that NIO can send, and the handle to be closed when it is sent.
    func region() throws(DiskError) -> (FileRegion, NIOFileHandle) {
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: try file.duplicate())
        return (
            FileRegion(fileHandle: handle, readerIndex: position, endIndex: position + count),
            handle
        )
    }
}
