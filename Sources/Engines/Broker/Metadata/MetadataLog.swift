// The metadata log: changes appended one after the other, each on disk before it counts.

import KafkaProtocol
import MillraceBase
import NIOCore
import Synchronization

/// Why a change of the metadata was not made.
package enum MetadataLogError: Error, Equatable, CustomStringConvertible {
    /// The disk did not take it. After a failed flush nothing more is taken.
    case storage(String)
    /// The records contradict what is there, or cannot be written; nothing was changed.
    case invalid(String)

    package var description: String {
        switch self {
        case .storage(let why): why
        case .invalid(let why): why
        }
    }

    /// What a client is told.
    var fault: TopicFault {
        switch self {
        case .storage(let why): TopicFault(.kafkaStorageError, why)
        case .invalid(let why): TopicFault(.unknownServerError, why)
        }
    }
}

/// `__cluster_metadata-0`: what a quorum of KRaft keeps, here with one voter who always leads.
///
/// It is no topic: clients neither see nor fetch it. Changes are flushed whatever the broker's
/// durability is. Once it has grown, a snapshot takes the place of the records before it, so that the
/// next start reads little.
///
/// Order of locks: a topic catalog's, then `writer`, then `shown`. Observers run under `writer`.
package final class MetadataLog: Sendable {
    package typealias Observer = @Sendable (MetadataImage) -> Void

    private struct Writer {
        var file: DiskFile?
        /// The file of `mark`, from the first change on.
        var markFile: DiskFile?
        var mark: MetadataMark
        var sizeBytes: Int
        var endOffset: Int64
        /// The first append of an epoch begins with who leads.
        var hasLeader = false
        var failure: String?
        var observers: [Observer] = []
    }

    package let node: MetadataNode
    /// Rises with each start.
    package let epoch: Int32
    /// Bytes of a torn tail that opening cut off.
    let bytesCut: Int
    /// Topics that the log, as it was opened, says were removed.
    let removedTopics: Set<KafkaUUID>
    private let files: MetadataFiles
    private let clock: WallClock
    private let writer: Mutex<Writer>
    private let shown: Mutex<MetadataImage>
    /// When the last change was made, in milliseconds.
    private let lastChange: Atomic<Int64>

    /// Opens the log of a data directory, or begins one. Blocks.
    init(
        directory: String, node: MetadataNode, clock: WallClock = .system
    ) throws(BrokerError) {
        files = MetadataFiles(directory: directory)
        let opened = try files.open()
        self.node = node
        self.clock = clock
        epoch = opened.epoch + 1
        bytesCut = opened.bytesCut
        removedTopics = opened.removedTopics
        writer = Mutex(
            Writer(
                file: opened.file, mark: opened.mark,
                sizeBytes: opened.file == nil ? 0 : opened.sizeBytes,
                endOffset: opened.image.endOffset))
        shown = Mutex(opened.image)
        lastChange = Atomic(clock.milliseconds())
    }

    /// The metadata as of now.
    package var image: MetadataImage { shown.withLock { $0 } }

    package var lastChangeMilliseconds: Int64 { lastChange.load(ordering: .relaxed) }

    /// Calls `observer` with the image now and after each change, in their order.
    package func observe(_ observer: @escaping Observer) {
        writer.withLock { writer in
            writer.observers.append(observer)
            observer(image)
        }
    }

    // MARK: Changing

    /// Makes all of the changes, or none. Blocks until they are flushed.
    package func append(_ records: [MetadataRecord]) throws(MetadataLogError) {
        try writer.withLock { writer throws(MetadataLogError) in
            if !records.isEmpty { try append(records, &writer) }
        }
    }

    /// Decides on changes by what is there; nothing else changes meanwhile. Blocks as `append` does.
    package func change(
        _ decide: (MetadataImage) throws(TopicFault) -> [MetadataRecord]
    ) throws(TopicFault) {
        try writer.withLock { writer throws(TopicFault) in
            let records = try decide(image)
            if records.isEmpty { return }
            do throws(MetadataLogError) {
                try append(records, &writer)
            } catch {
                throw error.fault
            }
        }
    }

    private func append(
        _ records: [MetadataRecord], _ writer: inout Writer
    ) throws(MetadataLogError) {
        if let failure = writer.failure { throw .storage(failure) }
        var changed = image
        do {
            for record in records { try changed.apply(record) }
        } catch {
            throw .invalid(error.description)
        }
        let bytes: ByteBuffer
        let now = clock.milliseconds()
        do {
            bytes = try batch(records, &changed, writer, now: now)
        } catch {
            throw .invalid(error.description)
        }
        try write(bytes, to: changed.endOffset, &writer)
        writer.endOffset = changed.endOffset
        writer.hasLeader = true
        lastChange.store(now, ordering: .relaxed)
        shown.withLock { $0 = changed }
        for observer in writer.observers { observer(changed) }
        if writer.sizeBytes > Limits.metadataLogBytes { compact(&writer, changed) }
    }

    private func batch(
        _ records: [MetadataRecord], _ image: inout MetadataImage, _ writer: Writer, now: Int64
    ) throws(WireError) -> ByteBuffer {
        var bytes = ByteBuffer()
        var offset = writer.endOffset
        if !writer.hasLeader {
            var message = LeaderChangeMessage()
            message.leaderID = node.id
            var voter = LeaderChangeMessage.Voter()
            voter.voterID = node.id
            message.voters = [voter]
            message.grantingVoters = [voter]
            bytes = try MetadataBatch.control(
                .leaderChange, message, baseOffset: offset, epoch: epoch, now: now)
            offset += 1
        }
        let data = try MetadataBatch.data(records, baseOffset: offset, epoch: epoch, now: now)
        bytes.writeImmutableBuffer(data)
        image.endOffset = offset + Int64(records.count)
        return bytes
    }

    /// Writes the batches, then that they are acknowledged: each is flushed before the next step.
    private func write(
        _ bytes: ByteBuffer, to endOffset: Int64, _ writer: inout Writer
    ) throws(MetadataLogError) {
        let (file, markFile) = try opened(&writer)
        do throws(DiskError) {
            do throws(DiskError) {
                try file.write(bytes, at: writer.sizeBytes)
            } catch {
                // What was written of it must not stand before what comes next.
                try file.cut(to: writer.sizeBytes)
                throw error
            }
        } catch {
            throw .storage(error.description)
        }
        do throws(DiskError) {
            try file.flush()
            let slot = writer.mark.slot(for: endOffset)
            try markFile.write(slot.bytes, at: slot.position)
            try markFile.flush()
        } catch {
            // The system may have dropped the pages: what is on disk is not known any more.
            writer.failure = error.description
            throw .storage(error.description)
        }
        writer.mark.written(endOffset)
        writer.sizeBytes += bytes.readableBytes
    }

    /// The files to write to, made when they are missing, and safe under their names.
    private func opened(
        _ writer: inout Writer
    ) throws(MetadataLogError) -> (log: DiskFile, mark: DiskFile) {
        if let file = writer.file, let mark = writer.markFile { return (file, mark) }
        let file: DiskFile
        let mark: DiskFile
        do throws(DiskError) {
            if let open = writer.file {
                file = open
            } else {
                file = try files.begin(writer.endOffset)
            }
            if let open = writer.markFile { mark = open } else { mark = try files.openMark() }
        } catch {
            throw .storage(error.description)
        }
        try flushNames(&writer)
        (writer.file, writer.markFile) = (file, mark)
        return (file, mark)
    }

    /// Like the flush of a file, one of the folder that failed is final.
    private func flushNames(_ writer: inout Writer) throws(MetadataLogError) {
        do throws(DiskError) {
            try files.flushNames()
        } catch {
            writer.failure = error.description
            throw .storage(error.description)
        }
    }

    /// Puts a snapshot in the place of all records. A failure leaves the log as it is, only longer.
    private func compact(_ writer: inout Writer, _ image: MetadataImage) {
        let name = MetadataSnapshot.Name(endOffset: image.endOffset, epoch: epoch)
        do {
            let bytes = try MetadataSnapshot.bytes(
                of: image, node: node, epoch: epoch, now: clock.milliseconds())
            try files.replace(with: bytes, name)
            let file = try files.begin(image.endOffset)
            // If this fails nothing more is taken: after a power cut the new file may be there, and
            // what was written to the old one behind the snapshot would be passed over.
            try flushNames(&writer)
            writer.file = file
            writer.sizeBytes = 0
            try files.removeOld(before: name)
        } catch {
            // The next append tries again.
        }
    }
}
