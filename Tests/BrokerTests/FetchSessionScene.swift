// A cache of fetch sessions with a clock and an opening in hand, for the tests of both.

import KafkaProtocol
import Testing

@testable import MillraceBroker

struct FetchSessionScene {
    typealias Data = FetchResponse.TopicResponse.PartitionData

    var cache = FetchSessionCache()
    var now: Int64 = 0
    /// Of the last opening.
    var context = FetchContext.sessionless
    /// How many sessions were made, kept or not.
    private(set) var made = 0
    private var names: [FetchTopic] = []
    private var generator = SeededGenerator(seed: 227)

    mutating func open(_ request: FetchRequest, usesTopicIDs: Bool = true) -> FetchOpening {
        let opening = cache.open(
            request, changes: request.sessionChanges, usesTopicIDs: usesTopicIDs, now: now)
        switch opening {
        case .refused: context = .sessionless
        case .request(let opened):
            context = opened
            names = request.topics.map { FetchTopic($0) }
        case .session(let opened, let session):
            context = opened
            names = session.topics
        }
        return opening
    }

    mutating func answer(_ found: [Data], names: [FetchTopic]? = nil) -> FetchAnswer {
        let names = names ?? self.names
        switch context {
        case .sessionless:
            return FetchAnswer()
        case .full(let wanted, let usesTopicIDs):
            let need = FetchSessionNeed(wanted, names: names)
            guard cache.hasRoom(for: need, now: now) else { return FetchAnswer() }
            made += 1
            let session = FetchSession(
                wanted, found: found, names: names, usesTopicIDs: usesTopicIDs, now: now)
            #expect(session.count <= need.count && session.sizeBytes <= need.sizeBytes)
            let id = cache.add(session, now: now, using: &generator)
            #expect(id > 0, "who was promised room has it when nobody came between")
            return FetchAnswer(sessionID: id)
        case .incremental(let id, let epoch):
            return cache.answer(id, epoch: epoch, found: found, names: names)
        }
    }

    /// A full fetch; the new session's id, 0 when there is none.
    mutating func begin(_ topics: [(FetchTopic, [Int32])], _ found: [Data]) throws -> Int32 {
        _ = open(FetchSessionTests.full(topics))
        let answer = answer(found)
        #expect(answer.error == .none && answer.positions == nil)
        return answer.sessionID
    }

    /// An incremental fetch that changes nothing; the positions it is told of.
    mutating func next(_ id: Int32, _ epoch: Int32, _ found: [Data]) throws -> [Int] {
        _ = try order(id, epoch)
        let answer = answer(found)
        #expect(answer.error == .none && answer.sessionID == id)
        return try #require(answer.positions)
    }

    /// Opens an incremental fetch that changes nothing; its partitions in the order of reading.
    mutating func order(_ id: Int32, _ epoch: Int32) throws -> [Int32] {
        let opening = open(FetchSessionTests.full([], id: id, epoch: epoch))
        return try #require(partitions(opening))
    }

    /// `nil` unless it is a session's.
    func partitions(_ opening: FetchOpening) -> [Int32]? {
        guard case .session(_, let session) = opening else { return nil }
        var found: [Int32] = []
        session.eachPartition { found.append($1.partition) }
        return found
    }

    mutating func refusal(_ request: FetchRequest, usesTopicIDs: Bool = true) -> KafkaErrorCode? {
        guard case .refused(let code) = open(request, usesTopicIDs: usesTopicIDs) else {
            return nil
        }
        return code
    }
}
