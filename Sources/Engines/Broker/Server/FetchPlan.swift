// What a fetch reads: its partitions in order, and how much of each.

import KafkaProtocol
import MillraceBase
import NIOCore

/// A fetch request with its partitions looked up. A value, so that any thread can read it.
struct FetchPlan: Sendable {
    struct Part: Sendable {
        var topicPosition: Int
        var partition: Int32
        /// `nil` with `error` set.
        var log: PartitionLog?
        var error = KafkaErrorCode.none
        /// What is said when the topic is deleted before the answer.
        var errorOnceDeleted: KafkaErrorCode
        var offset: Int64
        var bytesMax: Int
        var currentLeaderEpoch: Int32
        var lastFetchedEpoch: Int32
    }

    /// What was read, and whether it may be answered at once.
    struct Outcome: Sendable {
        /// In the order of the parts.
        var partitions: [FetchResponse.TopicResponse.PartitionData] = []
        /// By the position of the partition: what stands in a file. The records are a stand-in then.
        var files: [Int: FilePart] = [:]
        var sizeBytes = 0
        /// Whether a partition has an error or a diverging epoch, which clients shall see at once.
        var isUrgent = false
    }

    let parts: [Part]
    /// Name and id of each topic, as the request gave them.
    let topics: [(name: String, id: KafkaUUID)]
    let bytesMax: Int
    let bytesMin: Int
    let isolation: IsolationLevel

    /// - Parameter mayRead: whether the client may read a topic.
    init(
        _ request: FetchRequest, version: Int16, catalog: TopicCatalog,
        mayRead: (String) -> Bool
    ) {
        bytesMax = min(max(Int(request.maxBytes), 0), Limits.fetchBytesMax)
        bytesMin = Int(request.minBytes)
        isolation = request.isolationLevel == 1 ? .readCommitted : .readUncommitted
        var parts: [Part] = []
        for (position, wanted) in request.topics.enumerated() {
            let byID = version >= 13
            let topic = byID ? catalog.topic(wanted.topicID) : catalog.topic(wanted.topic)
            let name = byID ? topic?.name : wanted.topic
            let isHidden = name.map { !mayRead($0) } ?? false
            let deleted: KafkaErrorCode = byID ? .unknownTopicID : .unknownTopicOrPartition
            let unknown = topic == nil ? deleted : .unknownTopicOrPartition
            let missing = isHidden ? KafkaErrorCode.topicAuthorizationFailed : unknown
            for partition in wanted.partitions {
                let log = isHidden ? nil : topic?.log(partition.partition)
                parts.append(
                    Part(
                        topicPosition: position, partition: partition.partition, log: log,
                        error: log == nil ? missing : .none, errorOnceDeleted: deleted,
                        offset: partition.fetchOffset,
                        bytesMax: max(Int(partition.partitionMaxBytes), 0),
                        currentLeaderEpoch: partition.currentLeaderEpoch,
                        lastFetchedEpoch: partition.lastFetchedEpoch))
            }
        }
        self.parts = parts
        topics = request.topics.map { ($0.topic, $0.topicID) }
    }

    /// Reads all partitions.
    ///
    /// - Parameter fromDisk: whether the disk may be read, which blocks.
    /// - Returns: `nil` when the disk has to be read and may not.
    func read(fromDisk: Bool) -> Outcome? {
        var outcome = Outcome()
        outcome.partitions.reserveCapacity(parts.count)
        for part in parts {
            var data = FetchResponse.TopicResponse.PartitionData()
            data.partitionIndex = part.partition
            data.abortedTransactions = isolation == .readCommitted ? [] : nil
            data.records = ByteBuffer()
            let left = max(bytesMax - outcome.sizeBytes, 0)
            var size = ReadSize(
                bytesMax: min(left, part.bytesMax), atLeastOne: outcome.sizeBytes == 0)
            size.mayBeFile = true
            do throws(FetchFault) {
                guard let read = try read(part, size, fromDisk: fromDisk) else { return nil }
                data.highWatermark = read.highWatermark
                data.lastStableOffset = read.lastStableOffset
                if isolation == .readCommitted { data.tell(read.abortedTransactions) }
                data.logStartOffset = read.startOffset
                if let file = read.file {
                    outcome.files[outcome.partitions.count] = file
                    data.records = FileStandIn.bytes(file.count)
                } else {
                    data.records = read.bytes
                }
                outcome.sizeBytes += read.sizeBytes
            } catch {
                error.describe(in: &data, onceDeleted: part.errorOnceDeleted)
                outcome.isUrgent = true
            }
            outcome.partitions.append(data)
        }
        return outcome
    }

    private func read(
        _ part: Part, _ size: ReadSize, fromDisk: Bool
    ) throws(FetchFault) -> LogRead? {
        guard let log = part.log else { throw .code(part.error) }
        try Self.checkEpochs(part, log)
        do throws(LogReadFault) {
            return fromDisk
                ? try log.read(from: part.offset, size, isolation: isolation)
                : try log.readTail(from: part.offset, size, isolation: isolation)
        } catch {
            throw .read(error)
        }
    }

    private static func checkEpochs(_ part: Part, _ log: PartitionLog) throws(FetchFault) {
        let current = log.view.with { $0.epochs.current }
        let error = current.fault(of: part.currentLeaderEpoch)
        guard error == .none else { throw .code(error) }
        guard part.lastFetchedEpoch >= 0 else { return }
        guard let end = log.end(ofEpoch: part.lastFetchedEpoch) else { return }
        if end.epoch < part.lastFetchedEpoch || end.offset < part.offset {
            throw .diverging(epoch: end.epoch, endOffset: end.offset)
        }
    }

    /// The frame of the answer, with the parts of files in their places.
    func frame(
        _ outcome: Outcome, _ header: RequestHeader, throttleMilliseconds: Int32
    ) throws(WireError) -> [AnswerPiece] {
        var response = response(outcome)
        response.throttleTimeMilliseconds = throttleMilliseconds
        let pieces = try FetchRequest.responseFrame(
            response, version: header.apiVersion, correlationID: header.correlationID)
        return FileStandIn.replaced(
            pieces, by: outcome.files.sorted { $0.key < $1.key }.map(\.value))
    }

    /// The partitions under their topics again, in the order of the request.
    func response(_ outcome: Outcome) -> FetchResponse {
        var response = FetchResponse()
        response.responses = topics.map { topic in
            FetchResponse.TopicResponse {
                $0.topic = topic.name
                $0.topicID = topic.id
            }
        }
        for (part, data) in zip(parts, outcome.partitions) {
            response.responses[part.topicPosition].partitions.append(data)
        }
        return response
    }
}

extension FetchResponse.TopicResponse.PartitionData {
    fileprivate mutating func tell(_ aborted: [MillraceBroker.AbortedTransaction]) {
        abortedTransactions = aborted.map { transaction in
            var told = AbortedTransaction()
            told.producerID = transaction.producerID
            told.firstOffset = transaction.firstOffset
            return told
        }
    }

    /// Where the reader's records end: what it waits to move.
    func end(_ isolation: IsolationLevel) -> Int64 {
        switch isolation {
        case .readUncommitted: highWatermark
        case .readCommitted: lastStableOffset
        }
    }
}

extension Int32 {
    /// What is wrong with the leader epoch a client believes in; the receiver is the partition's.
    func fault(of claimed: Int32) -> KafkaErrorCode {
        if claimed < 0 || claimed == self { return .none }
        return claimed < self ? .fencedLeaderEpoch : .unknownLeaderEpoch
    }
}

/// Why a partition of a fetch has no records, as the client is told.
private enum FetchFault: Error {
    case code(KafkaErrorCode)
    case read(LogReadFault)
    case diverging(epoch: Int32, endOffset: Int64)

    /// - Parameter onceDeleted: what a deleted topic is called, which depends on how it was asked for.
    func describe(
        in data: inout FetchResponse.TopicResponse.PartitionData, onceDeleted: KafkaErrorCode
    ) {
        data.highWatermark = -1
        switch self {
        case .code(let code):
            data.errorCode = code
        case .read(.outOfRange(let startOffset, let highWatermark)):
            data.errorCode = .offsetOutOfRange
            data.highWatermark = highWatermark
            data.logStartOffset = startOffset
        case .read(.corrupt):
            data.errorCode = .corruptMessage
        case .read(.storage):
            data.errorCode = .kafkaStorageError
        case .read(.deleted):
            data.errorCode = onceDeleted
        case .diverging(let epoch, let endOffset):
            data.divergingEpoch.epoch = epoch
            data.divergingEpoch.endOffset = endOffset
        }
    }
}
