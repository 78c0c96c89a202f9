// The folder `__cluster_metadata-0`: its log, its snapshots, and how they are opened.

import KafkaProtocol
import MillraceBase
import NIOCore

/// What the folder holds when it is opened, torn tail cut.
struct OpenedMetadata: Sendable {
    var image = MetadataImage()
    /// The highest leader epoch that was seen; 0 for a new log.
    var epoch: Int32 = 0
    var file: DiskFile?
    /// Bytes of `file`.
    var sizeBytes = 0
    /// How far changes were acknowledged.
    var mark = MetadataMark()
    /// Bytes that were no whole good batch and are gone.
    var bytesCut = 0
    /// Topics that the log says were removed; of those before the snapshot nothing is known.
    var removedTopics: Set<KafkaUUID> = []
}

/// Reads and replaces files of the folder. One user at a time; everything blocks.
struct MetadataFiles: Sendable {
    static let topic = "__cluster_metadata"

    /// Where a batch has its magic byte.
    private static let magicPosition = 16

    let folder: String
    private let directory: String

    init(directory: String) {
        self.directory = directory
        folder = directory + "/\(Self.topic)-0"
    }

    // MARK: Opening

    /// The newest whole snapshot, and what the log says after it.
    func open() throws(BrokerError) -> OpenedMetadata {
        let (folder, directory) = (folder, directory)
        let names = try onDisk { () throws(DiskError) in
            if !DiskFolder.exists(folder) {
                try DiskFolder.make(folder)
                try DiskFolder.flush(directory)
            }
            return try DiskFolder.names(in: folder)
        }
        var opened = OpenedMetadata()
        opened.mark = try mark()
        try loadSnapshot(names, &opened)
        let bases = names.compactMap { Self.base($0) }.sorted()
        for (position, base) in bases.enumerated() {
            let isLast = position == bases.count - 1
            // What ends before the snapshot's end is only still there because a crash came.
            if !isLast, bases[position + 1] <= opened.image.endOffset { continue }
            try replay(base, isLast: isLast, &opened)
        }
        if let end = opened.mark.endOffset, opened.image.endOffset < end {
            throw .corrupt(
                path: folder,
                because: """
                    it ends at offset \(opened.image.endOffset), and changes up to \(end) were \
                    acknowledged. Put a copy of the folder back, or remove \(folder)/\
                    \(MetadataMark.file) to start without these changes
                    """)
        }
        try cutTail(&opened)
        return opened
    }

    private func mark() throws(BrokerError) -> MetadataMark {
        let path = folder + "/" + MetadataMark.file
        let bytes = try onDisk { () throws(DiskError) in try DiskFolder.contents(path) }
        return MetadataMark(bytes ?? [])
    }

    /// Removes what was no whole good batch, once it is known that nobody was told of it.
    private func cutTail(_ opened: inout OpenedMetadata) throws(BrokerError) {
        guard opened.bytesCut > 0, let file = opened.file else { return }
        let size = opened.sizeBytes
        try onDisk { () throws(DiskError) in
            try file.cut(to: size)
            try file.flush()
        }
    }

    private func loadSnapshot(
        _ names: [String], _ opened: inout OpenedMetadata
    ) throws(BrokerError) {
        let snapshots = names.compactMap { MetadataSnapshot.Name($0) }.sorted()
        guard let newest = snapshots.last else { return }
        let path = folder + "/" + newest.file
        let bytes = try onDisk { () throws(DiskError) in try DiskFolder.contents(path) }
        guard let bytes, let image = MetadataSnapshot.image(ByteBuffer(bytes: bytes), newest) else {
            throw .corrupt(path: path, because: "it is not a whole snapshot of the metadata")
        }
        opened.image = image
        opened.epoch = newest.epoch
    }

    private func replay(
        _ base: Int64, isLast: Bool, _ opened: inout OpenedMetadata
    ) throws(BrokerError) {
        let path = self.path(base)
        let (file, bytes) = try onDisk { () throws(DiskError) in
            let file = try DiskFile.open(path, create: false)
            return (file, try file.readBuffer(try file.size(), at: 0))
        }
        var rest = bytes
        var next = base
        while true {
            // Only what nobody was told of may be no change after all; taking a copy is not free.
            let isAcknowledged = !Self.hasAllAcknowledged(opened)
            let before = isAcknowledged ? nil : opened
            let start = rest
            guard let batch = Self.nextGood(&rest) else { break }
            do { next = try Self.apply(batch, at: next, &opened) } catch {
                // No checksum covers a batch's first bytes: of one that was torn they may be missing.
                guard isLast, let before else {
                    throw .corrupt(path: path, because: "\(error)")
                }
                (opened, rest) = (before, start)
                break
            }
        }
        opened.sizeBytes = bytes.readableBytes - rest.readableBytes
        if rest.readableBytes > 0, !isLast || !isTorn(rest, opened) {
            throw .corrupt(path: path, because: damage(rest, from: next, opened))
        }
        // One that ends before the snapshot does cannot be gone on with.
        guard next == opened.image.endOffset else { return }
        opened.file = file
        opened.bytesCut = rest.readableBytes
    }

    /// Whether bytes that are no batch are of a change that nobody was told of.
    private func isTorn(_ rest: ByteBuffer, _ opened: OpenedMetadata) -> Bool {
        // Without a mark: a torn tail has nothing good behind it. If there is, the disk spoiled what was
        // acknowledged.
        opened.mark.endOffset == nil
            ? !Self.hasGoodBatch(behind: rest) : Self.hasAllAcknowledged(opened)
    }

    private func damage(
        _ rest: ByteBuffer, from offset: Int64, _ opened: OpenedMetadata
    ) -> String {
        let what =
            "the batch at byte \(opened.sizeBytes), with the changes from offset \(offset) on"
        if opened.mark.endOffset == nil || Self.hasGoodBatch(behind: rest) {
            return "\(what), is spoiled, and good ones follow. Put a copy of \(folder) back"
        }
        return """
            \(what), was acknowledged and is spoiled. Put a copy of \(folder) back, or remove \
            \(folder)/\(MetadataMark.file) to start without them
            """
    }

    private static func hasAllAcknowledged(_ opened: OpenedMetadata) -> Bool {
        opened.mark.endOffset.map { $0 <= opened.image.endOffset } ?? false
    }

    /// Takes the next whole batch with a right checksum off the front.
    private static func nextGood(_ bytes: inout ByteBuffer) -> ByteBuffer? {
        var rest = bytes
        // An error says that there is no batch here, as `nil` does.
        guard let (header, batch) = try? RecordBatch.next(in: &rest),
            RecordBatch.checksum(of: batch, sizeBytes: header.sizeBytes) == header.crc
        else { return nil }
        bytes = rest
        return batch
    }

    /// Looks at every byte: the damaged batch's own length may be what is damaged.
    private static func hasGoodBatch(behind bytes: ByteBuffer) -> Bool {
        var rest = bytes
        while rest.readableBytes > RecordBatchHeader.byteCount {
            rest.moveReaderIndex(forwardBy: 1)
            let magic = rest.getInteger(
                at: rest.readerIndex + magicPosition, as: Int8.self)
            guard magic == RecordBatchHeader.magic else { continue }
            var candidate = rest
            if nextGood(&candidate) != nil { return true }
        }
        return false
    }

    /// - Parameter offset: where the batch has to begin. No checksum covers what it says itself.
    /// - Returns: where the next one has to.
    private static func apply(
        _ batch: ByteBuffer, at offset: Int64, _ opened: inout OpenedMetadata
    ) throws -> Int64 {
        let header = try RecordBatchHeader(reading: batch)
        guard header.baseOffset == offset else {
            throw MetadataFault(
                description: "offset \(header.baseOffset) comes where \(offset) should")
        }
        opened.epoch = max(opened.epoch, header.partitionLeaderEpoch)
        // The snapshot has it already.
        if header.lastOffset < opened.image.endOffset { return header.lastOffset + 1 }
        guard header.baseOffset == opened.image.endOffset else {
            throw MetadataFault(
                description:
                    "offset \(header.baseOffset) comes where \(opened.image.endOffset) should")
        }
        if !header.attributes.isControl {
            for record in try RecordReader.all(in: batch) {
                let record = try MetadataRecord(reading: record.value ?? ByteBuffer())
                try opened.image.apply(record)
                if case .removeTopic(let removed) = record {
                    opened.removedTopics.insert(removed.topicID)
                }
            }
        }
        opened.image.endOffset = header.lastOffset + 1
        return opened.image.endOffset
    }

    // MARK: Changing

    /// A new, empty segment. It survives a power cut once `flushNames` has returned.
    func begin(_ base: Int64) throws(DiskError) -> DiskFile {
        try DiskFile.open(path(base), create: true)
    }

    /// The file of the mark, with room for both slots, so that a full disk does not matter to it. It
    /// survives a power cut once `flushNames` has returned.
    func openMark() throws(DiskError) -> DiskFile {
        let file = try DiskFile.open(folder + "/" + MetadataMark.file, create: true)
        let size = try file.size()
        if size < MetadataMark.fileBytes {
            try file.write([UInt8](repeating: 0, count: MetadataMark.fileBytes - size), at: size)
            try file.flush()
        }
        return file
    }

    func flushNames() throws(DiskError) { try DiskFolder.flush(folder) }

    /// Puts a snapshot in place, and removes what it stands for.
    func replace(with bytes: ByteBuffer, _ name: MetadataSnapshot.Name) throws(DiskError) {
        try DiskFolder.replace(
            folder + "/" + name.file, with: Array(bytes.readableBytesView))
    }

    /// Removes what a snapshot stands for. What stays after a crash is passed over by `open`.
    func removeOld(before name: MetadataSnapshot.Name) throws(DiskError) {
        for file in try DiskFolder.names(in: folder) {
            let isOldLog = Self.base(file).map { $0 < name.endOffset } ?? false
            let isOldSnapshot = MetadataSnapshot.Name(file).map { $0 < name } ?? false
            if isOldLog || isOldSnapshot { try DiskFolder.remove(folder + "/" + file) }
        }
    }

    private func path(_ base: Int64) -> String {
        folder + "/" + MetadataSnapshot.Name.padded(base, 20) + ".log"
    }

    private static func base(_ file: String) -> Int64? {
        file.hasSuffix(".log") ? Int64(file.dropLast(4)) : nil
    }
}
