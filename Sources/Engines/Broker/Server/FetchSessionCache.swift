// The fetch sessions of all clients, as a value: which there are, and which go when there are too many.
// Source: KIP-227; apache/kafka server/.../FetchManager.java, FetchSessionCacheShard.java

import KafkaProtocol

/// What a fetch has to do with a session.
enum FetchContext: Sendable {
    /// Nothing: the answer's session id is 0.
    case sessionless
    /// A session is made of it when it is answered, if there is room then.
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
    /// What was last looked for in vain.
    private var refusal: Refusal?

    /// Until then, whoever is no larger in partitions and no smaller in bytes looks for no room: what
    /// would go for it would have gone for the one that was refused.
    private struct Refusal {
        var need: FetchSessionNeed
        var until: Int64
    }

    var count: Int { sessions.count }
    func contains(_ id: Int32) -> Bool { sessions[id] != nil }

    // MARK: Requests

    /// - Parameter changes: the request's `sessionChanges`, counted before any lock is held.
    mutating func open(
        _ request: FetchRequest, changes: Int, usesTopicIDs: Bool, now: Int64
    ) -> FetchOpening {
        switch request.sessionEpoch {
        case FetchSession.finalEpoch:
            remove(request.sessionID)
            return .request(.sessionless)
        case FetchSession.initialEpoch:
            remove(request.sessionID)
            return .request(
                slotsMax > 0
                    ? .full(request.topics, usesTopicIDs: usesTopicIDs) : .sessionless)
        default:
            return openIncremental(
                request, changes: changes, usesTopicIDs: usesTopicIDs, now: now)
        }
    }

    private mutating func openIncremental(
        _ request: FetchRequest, changes: Int, usesTopicIDs: Bool, now: Int64
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
        // It names more than any session holds: nothing of it is taken.
        guard changes <= partitionsPerSessionMax else {
            remove(id)
            return .refused(.fetchSessionIDNotFound)
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

    /// What a client is told of its session.
    ///
    /// - Parameters:
    ///   - epoch: of the opening.
    ///   - found: what was read, in the order of the opening's partitions.
    ///   - names: the opening's topics, with the names of the ids that were resolved.
    mutating func answer(
        _ id: Int32, epoch: Int32, found: [FetchResponse.TopicResponse.PartitionData],
        names: [FetchTopic]
    ) -> FetchAnswer {
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

    // MARK: Room

    /// Whether it is worth while to make a session; nobody goes for it yet.
    mutating func hasRoom(for need: FetchSessionNeed, now: Int64) -> Bool {
        victims(of: need, now: now) != nil
    }

    /// - Parameter generator: where the session's id comes from.
    /// - Returns: the id of the session; 0 when there is no room for it. Then nobody has gone.
    mutating func add(
        _ session: FetchSession, now: Int64, using generator: inout some RandomNumberGenerator
    ) -> Int32 {
        let need = FetchSessionNeed(count: session.count, sizeBytes: session.sizeBytes)
        guard let victims = victims(of: need, now: now) else { return 0 }
        for id in victims { remove(id) }
        var id: Int32
        repeat {
            id = Int32.random(in: 1...Int32.max, using: &generator)
        } while sessions[id] != nil
        sessions[id] = session
        sizeBytes += need.sizeBytes
        return id
    }

    /// Who has to go for a new session; `nil` when all that may go make no room for it.
    /// - Complexity: O(1) when there is room, or was none for such a one a moment ago.
    private mutating func victims(of need: FetchSessionNeed, now: Int64) -> [Int32]? {
        guard slotsMax > 0, need.count <= partitionsPerSessionMax, need.sizeBytes <= bytesMax else {
            return nil
        }
        if fits(need, without: 0, freeing: 0) { return [] }
        if let refusal, now < refusal.until, need.count <= refusal.need.count,
            need.sizeBytes >= refusal.need.sizeBytes
        {
            return nil
        }
        var candidates = candidates(for: need, now: now)
        if let first = candidates.min(), fits(need, without: 1, freeing: size(of: first.id)) {
            return [first.id]
        }
        candidates.sort()
        var freed = 0
        for (position, candidate) in candidates.enumerated() {
            freed += size(of: candidate.id)
            if fits(need, without: position + 1, freeing: freed) {
                return candidates[...position].map(\.id)
            }
        }
        // Where nobody may go, fewer bytes do not help.
        refusal = Refusal(
            need: FetchSessionNeed(
                count: need.count, sizeBytes: candidates.isEmpty ? 0 : need.sizeBytes),
            until: now + Limits.fetchSessionRefusalMilliseconds)
        return nil
    }

    private func fits(_ need: FetchSessionNeed, without gone: Int, freeing bytes: Int) -> Bool {
        sessions.count - gone < slotsMax && sizeBytes - bytes + need.sizeBytes <= bytesMax
    }

    private func size(of id: Int32) -> Int { sessions[id]?.sizeBytes ?? 0 }

    /// All that may go for a new session: those unused for long, and those that are no longer new and
    /// are smaller.
    /// - Complexity: O(`count`).
    private func candidates(for new: FetchSessionNeed, now: Int64) -> [EvictionCandidate] {
        var found: [EvictionCandidate] = []
        for index in sessions.indices {
            let usedAt = sessions.values[index].usedAt
            let count = sessions.values[index].count
            if now - usedAt > evictionMilliseconds {
                found.append(
                    EvictionCandidate(isInUse: false, weight: usedAt, id: sessions.keys[index]))
            } else if usedAt - sessions.values[index].createdAt > evictionMilliseconds,
                count < new.count
            {
                found.append(
                    EvictionCandidate(isInUse: true, weight: Int64(count), id: sessions.keys[index])
                )
            }
        }
        return found
    }
}
