// The fetch sessions of all clients, as a value: which there are, and which go when there are too many.
// Source: KIP-227; apache/kafka server/.../FetchManager.java, FetchSessionCacheShard.java

import KafkaProtocol

/// What a fetch has to do with a session.
enum FetchContext: Sendable {
    /// Nothing: the answer's session id is 0.
    case sessionless
    /// One is made of it when it is answered, if there is room then.
    case full([FetchRequest.Topic], usesTopicIDs: Bool)
    /// - epoch: the one that the session has until its next request.
    case incremental(sessionID: Int32, epoch: Int32)
}

/// How a fetch begins.
enum FetchOpening: Sendable {
    case refused(KafkaErrorCode)
    /// The partitions are those of the request.
    case request(FetchContext)
    /// The partitions are those of the session, in which the request's changes are.
    case session(FetchContext, FetchSession)
}

/// What a client is told, beside the partitions that were read.
struct FetchAnswer: Equatable, Sendable {
    var error = KafkaErrorCode.none
    var sessionID: Int32 = 0
    /// Which of the partitions that were read are in the answer; `nil`: all.
    var positions: [Int]?
}

struct FetchSessionCache: Sendable {
    /// Kafka's `max.incremental.fetch.session.cache.slots`.
    var slotsMax = Limits.fetchSessionsMax
    var bytesMax = Limits.fetchSessionBytesMax
    var partitionsPerSessionMax = Limits.partitionsMax
    /// How long a session is safe from others, in milliseconds.
    var evictionMilliseconds = Limits.fetchSessionEvictionMilliseconds

    private var sessions: [Int32: FetchSession] = [:]
    private(set) var sizeBytes = 0

    var count: Int { sessions.count }
    func contains(_ id: Int32) -> Bool { sessions[id] != nil }

    // MARK: Requests

    mutating func open(_ request: FetchRequest, usesTopicIDs: Bool, now: Int64) -> FetchOpening {
        switch request.sessionEpoch {
        case FetchSession.finalEpoch:
            remove(request.sessionID)
            return .request(.sessionless)
        case FetchSession.initialEpoch:
            remove(request.sessionID)
            return .request(.full(request.topics, usesTopicIDs: usesTopicIDs))
        default:
            return openIncremental(request, usesTopicIDs: usesTopicIDs, now: now)
        }
    }

    private mutating func openIncremental(
        _ request: FetchRequest, usesTopicIDs: Bool, now: Int64
    ) -> FetchOpening {
        let id = request.sessionID
        guard let index = sessions.index(forKey: id) else {
            return .refused(.fetchSessionIDNotFound)
        }
        guard sessions.values[index].epoch == request.sessionEpoch else {
            return .refused(.invalidFetchSessionEpoch)
        }
        guard sessions.values[index].usesTopicIDs == usesTopicIDs else {
            return .refused(.fetchSessionTopicIDError)
        }
        let before = sessions.values[index].sizeBytes
        sessions.values[index].merge(request, now: now)
        let session = sessions.values[index]
        sizeBytes += session.sizeBytes - before
        if session.count == 0 {
            remove(id)
            return .request(.sessionless)
        }
        // It has outgrown its room. The client begins anew, with a session or without.
        if session.count > partitionsPerSessionMax || sizeBytes > bytesMax {
            remove(id)
            return .refused(.fetchSessionIDNotFound)
        }
        return .session(.incremental(sessionID: id, epoch: session.epoch), session)
    }

    private mutating func remove(_ id: Int32) {
        guard let session = sessions.removeValue(forKey: id) else { return }
        sizeBytes -= session.sizeBytes
    }

    // MARK: Answers

    /// - Parameters:
    ///   - found: what was read, in the order of the opening's partitions.
    ///   - names: the opening's topics, with the names of the ids that were resolved.
    ///   - generator: where a new session's id comes from.
    mutating func answer(
        _ context: FetchContext, found: [FetchResponse.TopicResponse.PartitionData],
        names: [FetchTopic], now: Int64, using generator: inout some RandomNumberGenerator
    ) -> FetchAnswer {
        switch context {
        case .sessionless:
            return FetchAnswer()
        case .full(let wanted, let usesTopicIDs):
            let session = FetchSession(
                wanted, found: found, names: names, usesTopicIDs: usesTopicIDs, now: now)
            return FetchAnswer(sessionID: add(session, now: now, using: &generator))
        case .incremental(let id, let epoch):
            guard let index = sessions.index(forKey: id) else {
                return FetchAnswer(error: .fetchSessionIDNotFound, positions: [])
            }
            // The client has asked again meanwhile, on another connection.
            guard sessions.values[index].epoch == epoch else {
                return FetchAnswer(error: .invalidFetchSessionEpoch, sessionID: id, positions: [])
            }
            let before = sessions.values[index].sizeBytes
            let told = sessions.values[index].answer(found, names: names)
            sizeBytes += sessions.values[index].sizeBytes - before
            return FetchAnswer(sessionID: id, positions: told)
        }
    }

    /// - Returns: the id of the session; 0 when there is no room for it.
    private mutating func add(
        _ session: FetchSession, now: Int64, using generator: inout some RandomNumberGenerator
    ) -> Int32 {
        guard session.count <= partitionsPerSessionMax, session.sizeBytes <= bytesMax else {
            return 0
        }
        while sessions.count >= slotsMax || sizeBytes + session.sizeBytes > bytesMax {
            guard let id = evictable(by: session, now: now) else { return 0 }
            remove(id)
        }
        var id: Int32
        repeat {
            id = Int32.random(in: 1...Int32.max, using: &generator)
        } while sessions[id] != nil
        sessions[id] = session
        sizeBytes += session.sizeBytes
        return id
    }

    /// Who has to go for a new session: the one unused for longest, if that is long; else the smallest
    /// of those that are no longer new, if it is smaller.
    /// - Complexity: O(`count`).
    private func evictable(by new: FetchSession, now: Int64) -> Int32? {
        let oldest = sessions.min { ($0.value.usedAt, $0.key) < ($1.value.usedAt, $1.key) }
        if let oldest, now - oldest.value.usedAt > evictionMilliseconds { return oldest.key }
        let smallest = sessions.lazy
            .filter { $0.value.usedAt - $0.value.createdAt > evictionMilliseconds }
            .min { ($0.value.count, $0.key) < ($1.value.count, $1.key) }
        guard let smallest, smallest.value.count < new.count else { return nil }
        return smallest.key
    }
}
