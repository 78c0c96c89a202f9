// What a fetch reads: its partitions in order, and how much of each.

import KafkaProtocol
import MillraceBase
import NIOCore

/// A fetch request with its partitions looked up. A value, so that any thread can read it.
struct FetchPlan: Sendable {
    struct Part: Sendable {
        var topicPosition: Int
        var wanted: FetchWanted
        /// `nil` with `error` set.
        var log: PartitionLog?
        var error = KafkaErrorCode.none
        /// What is said when the topic is deleted before the answer.
        var errorOnceDeleted: KafkaErrorCode
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
    /// Name and id of each topic, as the request or the session gave them; an id that was resolved has
    /// its name.
    let topics: [FetchTopic]
    let bytesMax: Int
    let bytesMin: Int
    let isolation: IsolationLevel

    private init(_ request: FetchRequest, _ topics: [FetchTopic], _ parts: [Part]) {
        self.topics = topics
        self.parts = parts
        bytesMax = min(max(Int(request.maxBytes), 0), Limits.fetchBytesMax)
        bytesMin = min(Int(request.minBytes), bytesMax)
        isolation = request.isolationLevel == 1 ? .readCommitted : .readUncommitted
    }

    /// Of a request that names all its partitions.
    /// - Parameter mayRead: whether the client may read a topic.
    init(
        _ request: FetchRequest, usesTopicIDs: Bool, catalog: TopicCatalog,
        mayRead: (String) -> Bool
    ) {
        var topics: [FetchTopic] = []
        var parts: [Part] = []
        topics.reserveCapacity(request.topics.count)
        for (position, wanted) in request.topics.enumerated() {
            let topic = ReadableTopic(
                FetchTopic(wanted), usesTopicIDs: usesTopicIDs, catalog, mayRead)
            topics.append(topic.named)
            for partition in wanted.partitions {
                parts.append(topic.part(position, FetchWanted(partition)))
            }
        }
        self.init(request, topics, parts)
    }

    /// Of a request that names changes only.
    init(
        _ request: FetchRequest, of session: FetchSession, catalog: TopicCatalog,
        mayRead: (String) -> Bool
    ) {
        var topics = session.topics
        var found = [ReadableTopic?](repeating: nil, count: topics.count)
        var parts: [Part] = []
        parts.reserveCapacity(session.count)
        session.eachPartition { position, wanted in
            let topic =
                found[position]
                ?? ReadableTopic(
                    topics[position], usesTopicIDs: session.usesTopicIDs, catalog, mayRead)
            found[position] = topic
            topics[position] = topic.named
            parts.append(topic.part(position, wanted))
        }
        self.init(request, topics, parts)
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
            data.partitionIndex = part.wanted.partition
            data.abortedTransactions = isolation == .readCommitted ? [] : nil
            data.records = ByteBuffer()
            let left = max(bytesMax - outcome.sizeBytes, 0)
            var size = ReadSize(
                bytesMax: min(left, max(Int(part.wanted.bytesMax), 0)),
                atLeastOne: outcome.sizeBytes == 0)
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
                ? try log.read(from: part.wanted.offset, size, isolation: isolation)
                : try log.readTail(from: part.wanted.offset, size, isolation: isolation)
        } catch {
            throw .read(error)
        }
    }

    private static func checkEpochs(_ part: Part, _ log: PartitionLog) throws(FetchFault) {
        let wanted = part.wanted
        let current = log.view.with { $0.epochs.current }
        let error = current.fault(of: wanted.currentLeaderEpoch)
        guard error == .none else { throw .code(error) }
        guard wanted.lastFetchedEpoch >= 0 else { return }
        guard let end = log.end(ofEpoch: wanted.lastFetchedEpoch) else { return }
        if end.epoch < wanted.lastFetchedEpoch || end.offset < wanted.offset {
            throw .diverging(epoch: end.epoch, endOffset: end.offset)
        }
    }

    /// The frame of the answer, with the parts of files in their places.
    func frame(
        _ outcome: Outcome, _ answer: FetchAnswer, _ header: RequestHeader,
        throttleMilliseconds: Int32
    ) throws(WireError) -> [AnswerPiece] {
        var response = response(outcome, answer)
        response.throttleTimeMilliseconds = throttleMilliseconds
        let pieces = try FetchRequest.responseFrame(
            response, version: header.apiVersion, correlationID: header.correlationID)
        // Whoever has records is told of, so all files are in the frame, in the order of the parts.
        return FileStandIn.replaced(
            pieces, by: outcome.files.sorted { $0.key < $1.key }.map(\.value))
    }

    /// The partitions that are told, in the order of the parts; those of a topic that follow each other
    /// stand under its name.
    func response(_ outcome: Outcome, _ answer: FetchAnswer) -> FetchResponse {
        var response = FetchResponse()
        response.errorCode = answer.error
        response.sessionID = answer.sessionID
        var topicPosition = -1
        func tell(_ position: Int) {
            if parts[position].topicPosition != topicPosition {
                topicPosition = parts[position].topicPosition
                response.responses.append(
                    FetchResponse.TopicResponse {
                        $0.topic = topics[topicPosition].name
                        $0.topicID = topics[topicPosition].id
                    })
            }
            response.responses[response.responses.count - 1].partitions.append(
                outcome.partitions[position])
        }
        if let positions = answer.positions {
            for position in positions { tell(position) }
        } else {
            for position in parts.indices { tell(position) }
        }
        return response
    }
}

/// A topic that a fetch names, looked up.
private struct ReadableTopic {
    /// With its name, if it has one.
    var named: FetchTopic
    /// `nil`: there is none, or the client may not read it.
    var topic: Topic?
    var missing: KafkaErrorCode
    var errorOnceDeleted: KafkaErrorCode

    init(
        _ asked: FetchTopic, usesTopicIDs: Bool, _ catalog: TopicCatalog,
        _ mayRead: (String) -> Bool
    ) {
        named = asked
        topic = usesTopicIDs ? catalog.topic(asked.id) : catalog.topic(asked.name)
        errorOnceDeleted = usesTopicIDs ? .unknownTopicID : .unknownTopicOrPartition
        if let topic { named.name = topic.name }
        missing = .unknownTopicOrPartition
        if usesTopicIDs && topic == nil {
            // Its name is known when a session has read it before.
            if named.name.isEmpty {
                missing = .unknownTopicID
            } else if catalog.topic(named.name) != nil {
                missing = .inconsistentTopicID
            }
        }
        if !named.name.isEmpty && !mayRead(named.name) {
            topic = nil
            missing = .topicAuthorizationFailed
        }
    }

    func part(_ position: Int, _ wanted: FetchWanted) -> FetchPlan.Part {
        let log = topic?.log(wanted.partition)
        return FetchPlan.Part(
            topicPosition: position, wanted: wanted, log: log,
            error: log == nil ? missing : .none, errorOnceDeleted: errorOnceDeleted)
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
