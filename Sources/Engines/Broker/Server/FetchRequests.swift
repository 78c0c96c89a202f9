// Fetch: records from an offset on, now or when they come.

import KafkaProtocol
import NIOCore
import Synchronization

extension BrokerCore {
    func fetch(_ request: FetchRequest, _ reply: Reply, waits: (FetchJob) -> Void) {
        let mayRead = { self.allows(reply, .read, .topic($0)) }
        let usesTopicIDs = reply.header.apiVersion >= 13
        let context: FetchContext
        let plan: FetchPlan
        switch fetchSessions.open(request, usesTopicIDs: usesTopicIDs) {
        case .refused(let code):
            return reply.send(FetchRequest.self, FetchResponse { $0.errorCode = code })
        case .request(let opened):
            context = opened
            plan = FetchPlan(
                request, usesTopicIDs: usesTopicIDs, catalog: catalog, mayRead: mayRead)
        case .session(let opened, let session):
            context = opened
            plan = FetchPlan(request, of: session, catalog: catalog, mayRead: mayRead)
        }
        let job = FetchJob(
            plan, context, of: fetchSessions, waitMilliseconds: request.maxWaitMilliseconds,
            reply: reply, readThreads: readThreads
        ) {
            self.metered(.consumerByteRate, bytes: $0, reply)
        }
        waits(job)
        job.start()
    }
}

/// The fetch sessions, for all event loops.
///
/// The lock is held for what a request changes, for a pass over a session's partitions, and for the
/// search for room, which is not repeated for a while when it was in vain; never while anything is read
/// or a session is made. A fetch without a session does not take it.
final class FetchSessions: Sendable {
    private let slotsMax: Int
    private let cache: Mutex<FetchSessionCache>

    init(slotsMax: Int) {
        self.slotsMax = slotsMax
        var cache = FetchSessionCache()
        cache.slotsMax = slotsMax
        self.cache = Mutex(cache)
    }

    private static var now: Int64 {
        Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000)
    }

    func open(_ request: FetchRequest, usesTopicIDs: Bool) -> FetchOpening {
        // No session has the id 0: there is none to close.
        if request.sessionID == 0 {
            if request.sessionEpoch == FetchSession.finalEpoch { return .request(.sessionless) }
            if request.sessionEpoch == FetchSession.initialEpoch {
                return .request(
                    slotsMax > 0
                        ? .full(request.topics, usesTopicIDs: usesTopicIDs) : .sessionless)
            }
        }
        let changes = request.sessionChanges
        let now = Self.now
        return cache.withLock {
            $0.open(request, changes: changes, usesTopicIDs: usesTopicIDs, now: now)
        }
    }

    func answer(
        _ context: FetchContext, _ plan: FetchPlan, _ outcome: FetchPlan.Outcome
    ) -> FetchAnswer {
        switch context {
        case .sessionless:
            return FetchAnswer()
        case .full(let wanted, let usesTopicIDs):
            let now = Self.now
            let need = FetchSessionNeed(wanted, names: plan.topics)
            guard cache.withLock({ $0.hasRoom(for: need, now: now) }) else { return FetchAnswer() }
            let session = FetchSession(
                wanted, found: outcome.partitions, names: plan.topics, usesTopicIDs: usesTopicIDs,
                now: now)
            var generator = SystemRandomNumberGenerator()
            // Another may have taken the room meanwhile.
            return FetchAnswer(
                sessionID: cache.withLock { $0.add(session, now: now, using: &generator) })
        case .incremental(let id, let epoch):
            return cache.withLock {
                $0.answer(id, epoch: epoch, found: outcome.partitions, names: plan.topics)
            }
        }
    }
}
