// Fetch sessions as values: what is told, what is remembered, who has to go.

import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Fetch sessions")
struct FetchSessionTests {
    typealias Data = FetchResponse.TopicResponse.PartitionData
    static let a = FetchTopic(id: KafkaUUID(high: 1, low: 1))
    static let b = FetchTopic(id: KafkaUUID(high: 2, low: 2))

    /// Of a full fetch: partitions by topic.
    static func full(
        _ topics: [(FetchTopic, [Int32])], id: Int32 = 0, epoch: Int32 = 0,
        forgetting: [(FetchTopic, [Int32])] = [], offset: Int64 = 0
    ) -> FetchRequest {
        FetchRequest {
            $0.sessionID = id
            $0.sessionEpoch = epoch
            $0.topics = topics.map { topic, partitions in
                FetchRequest.Topic {
                    $0.topic = topic.name
                    $0.topicID = topic.id
                    $0.partitions = partitions.map { partition in
                        FetchRequest.Topic.Partition {
                            $0.partition = partition
                            $0.fetchOffset = offset
                        }
                    }
                }
            }
            $0.forgottenTopicsData = forgetting.map { topic, partitions in
                FetchRequest.ForgottenTopic {
                    $0.topic = topic.name
                    $0.topicID = topic.id
                    $0.partitions = partitions
                }
            }
        }
    }

    static func found(
        _ highWatermark: Int64 = 0, start: Int64 = 0, records: Int = 0,
        error: KafkaErrorCode = .none
    ) -> Data {
        Data {
            $0.highWatermark = highWatermark
            $0.logStartOffset = start
            $0.records = ByteBuffer(repeating: 1, count: records)
            $0.errorCode = error
        }
    }

    // MARK: What is told

    /// Goal: the whole life. A full fetch tells everything; then only what changed is told.
    @Test func tellsWhatChanged() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin(
            [(Self.a, [0, 1]), (Self.b, [0])], [5, 5, 5].map { Self.found($0) })
        #expect(try scene.next(id, 1, [5, 5, 5].map { Self.found($0) }) == [])
        #expect(try scene.next(id, 2, [Self.found(5), Self.found(6), Self.found(5)]) == [1])
        #expect(try scene.next(id, 3, [Self.found(5), Self.found(6), Self.found(5)]) == [])
        let moved = [Self.found(5), Self.found(6), Self.found(5, start: 2)]
        #expect(try scene.next(id, 4, moved) == [2])
        #expect(try scene.next(id, 5, moved) == [])
    }

    /// Goal: an error is told each time, and what is there once it is gone is told too.
    @Test func tellsErrors() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0])], [Self.found(5)])
        let failed = [Self.found(-1, start: -1, error: .kafkaStorageError)]
        #expect(try scene.next(id, 1, failed) == [0])
        #expect(try scene.next(id, 2, failed) == [0])
        #expect(try scene.next(id, 3, [Self.found(5)]) == [0])
        #expect(try scene.next(id, 4, [Self.found(5)]) == [])
        // An error that knows the high watermark is one all the same.
        #expect(try scene.next(id, 5, [Self.found(5, error: .offsetOutOfRange)]) == [0])
        #expect(try scene.next(id, 6, [Self.found(5)]) == [0])
    }

    @Test func tellsADivergingEpoch() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0])], [Self.found(5)])
        var diverging = Self.found(5)
        diverging.divergingEpoch.epoch = 3
        #expect(try scene.next(id, 1, [diverging]) == [0])
        #expect(try scene.next(id, 2, [Self.found(5)]) == [])
    }

    /// Goal: what brought records is read last the next time; what only changed keeps its place.
    @Test func thoseWithRecordsMoveToTheEnd() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0, 1, 2])], [5, 5, 5].map { Self.found($0) })
        #expect(try scene.order(id, 1) == [0, 1, 2])
        #expect(
            scene.answer([Self.found(6, records: 9), Self.found(6), Self.found(5)]).positions
                == [0, 1])
        #expect(try scene.order(id, 2) == [1, 2, 0])
        #expect(
            scene.answer([Self.found(6), Self.found(7, records: 1), Self.found(7, records: 1)])
                .positions == [1, 2])
        #expect(try scene.order(id, 3) == [1, 2, 0])
    }

    // MARK: What is remembered

    @Test func mergesAndForgets() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0, 1])], [Self.found(5), Self.found(5)])
        // What is forgotten and what is wanted anew, of a topic that was not in it.
        let change = Self.full(
            [(Self.b, [7]), (Self.a, [1])], id: id, epoch: 1, forgetting: [(Self.a, [0, 9])],
            offset: 42)
        guard case .session(_, let session) = scene.open(change) else {
            Issue.record("the session goes on")
            return
        }
        var partitions: [FetchWanted] = []
        var topics: [FetchTopic] = []
        session.eachPartition {
            topics.append(session.topics[$0])
            partitions.append($1)
        }
        #expect(topics == [Self.a, Self.b])
        #expect(partitions.map(\.partition) == [1, 7])
        #expect(partitions.map(\.offset) == [42, 42])
        // The new one is told even when it is empty.
        #expect(scene.answer([Self.found(5), Self.found(0)]).positions == [1])
        // Its topic's place is taken by another, and nothing of the first is left.
        let other = Self.full([(Self.a, [3])], id: id, epoch: 2, forgetting: [(Self.b, [7])])
        #expect(scene.partitions(scene.open(other)) == [1, 3])
        #expect(scene.answer([Self.found(5), Self.found(1)]).positions == [1])
        let again = Self.full([(Self.b, [0])], id: id, epoch: 3)
        #expect(scene.partitions(scene.open(again)) == [1, 3, 0])
    }

    /// Goal: what is wanted and forgotten in one request is forgotten; unknown ones do no harm.
    @Test func forgettingWins() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0])], [Self.found()])
        let change = Self.full(
            [(Self.a, [1])], id: id, epoch: 1, forgetting: [(Self.a, [1]), (Self.b, [0])])
        #expect(scene.partitions(scene.open(change)) == [0])
    }

    @Test func aSessionWithoutPartitionsIsClosed() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0])], [Self.found()])
        let opening = scene.open(
            Self.full([], id: id, epoch: 1, forgetting: [(Self.a, [0])]))
        guard case .request(.sessionless) = opening else {
            Issue.record("it is a fetch without a session")
            return
        }
        #expect(scene.answer([]) == FetchAnswer())
        #expect(scene.cache.count == 0)
        #expect(scene.cache.sizeBytes == 0)
    }

    /// Goal: a partition that a request names twice is in the session once, as it was named last.
    @Test func aPartitionNamedTwiceIsThereOnce() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0]), (Self.a, [0])], [Self.found(5), Self.found(6)])
        #expect(try scene.next(id, 1, [Self.found(6)]) == [])
    }

    /// Goal: a topic's name outlives its id, so that a topic made anew is told from one never seen.
    @Test func remembersTheNamesOfIDs() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0]), (Self.b, [0])], [Self.found(), Self.found()])
        func names(_ opening: FetchOpening) -> [String] {
            guard case .session(_, let session) = opening else { return [] }
            return session.topics.map(\.name)
        }
        #expect(names(scene.open(Self.full([], id: id, epoch: 1))) == ["", ""])
        var resolved = Self.a
        resolved.name = "a"
        _ = scene.answer([Self.found(), Self.found()], names: [resolved, Self.b])
        #expect(names(scene.open(Self.full([], id: id, epoch: 2))) == ["a", ""])
        // Gone, as nothing of it is left; its key is the id still.
        _ = scene.answer([Self.found(), Self.found()], names: [Self.a, Self.b])
        let change = Self.full([], id: id, epoch: 3, forgetting: [(Self.a, [0])])
        #expect(scene.partitions(scene.open(change)) == [0])
        #expect(names(scene.open(Self.full([(Self.a, [0])], id: id, epoch: 4))) == ["", ""])
    }

    // MARK: Epochs and ids

    @Test func refusesOtherEpochsAndIDs() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0])], [Self.found()])
        for epoch: Int32 in [2, 5, .max, -2, .min] {
            #expect(scene.refusal(Self.full([], id: id, epoch: epoch)) == .invalidFetchSessionEpoch)
        }
        for other: Int32 in [0, id &+ 1, -1] {
            #expect(scene.refusal(Self.full([], id: other, epoch: 1)) == .fetchSessionIDNotFound)
        }
        #expect(
            scene.refusal(Self.full([], id: id, epoch: 1), usesTopicIDs: false)
                == .fetchSessionTopicIDError)
        // None of them did any harm.
        #expect(try scene.next(id, 1, [Self.found()]) == [])
        #expect(scene.refusal(Self.full([], id: id, epoch: 1)) == .invalidFetchSessionEpoch)
    }

    /// Goal: whoever asks again on another connection makes the answer to the first one void.
    @Test func aSecondRequestVoidsTheFirst() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0])], [Self.found()])
        _ = scene.open(Self.full([], id: id, epoch: 1))
        let first = scene.context
        _ = scene.open(Self.full([(Self.a, [1])], id: id, epoch: 2))
        let second = scene.context
        scene.context = first
        #expect(
            scene.answer([Self.found(9)])
                == FetchAnswer(error: .invalidFetchSessionEpoch, sessionID: id, positions: []))
        scene.context = second
        #expect(scene.answer([Self.found(0), Self.found(1)]).positions == [1])
    }

    @Test func aFullFetchClosesTheOldSession() throws {
        var scene = FetchSessionScene()
        let id = try scene.begin([(Self.a, [0])], [Self.found()])
        _ = scene.open(Self.full([(Self.b, [0])], id: id, epoch: 0))
        #expect(!scene.cache.contains(id))
        let next = scene.answer([Self.found()])
        #expect(next.sessionID > 0 && next.sessionID != id && next.positions == nil)
        _ = scene.open(Self.full([(Self.b, [0])], id: next.sessionID, epoch: -1))
        #expect(scene.answer([Self.found()]) == FetchAnswer())
        #expect(scene.cache.count == 0)
    }

    @Test func epochsGoRound() {
        #expect(FetchSession.next(0) == 1)
        #expect(FetchSession.next(.max - 1) == .max)
        #expect(FetchSession.next(.max) == 1)
    }
}
