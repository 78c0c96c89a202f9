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
/// The lock is held for what a request changes and for a pass over a session's partitions, never while
/// anything is read. A fetch without a session does not take it.
final class FetchSessions: Sendable {
    private let cache: Mutex<FetchSessionCache>

    init(slotsMax: Int) {
        var cache = FetchSessionCache()
        cache.slotsMax = slotsMax
        self.cache = Mutex(cache)
    }

    private static var now: Int64 {
        Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000)
    }

    func open(_ request: FetchRequest, usesTopicIDs: Bool) -> FetchOpening {
        if request.sessionID == 0 && request.sessionEpoch == FetchSession.finalEpoch {
            return .request(.sessionless)
        }
        let now = Self.now
        return cache.withLock { $0.open(request, usesTopicIDs: usesTopicIDs, now: now) }
    }

    func answer(
        _ context: FetchContext, _ plan: FetchPlan, _ outcome: FetchPlan.Outcome
    ) -> FetchAnswer {
        switch context {
        case .sessionless:
            return FetchAnswer()
        case .full, .incremental:
            let now = Self.now
            var generator = SystemRandomNumberGenerator()
            return cache.withLock {
                $0.answer(
                    context, found: outcome.partitions, names: plan.topics, now: now,
                    using: &generator)
            }
        }
    }
}
