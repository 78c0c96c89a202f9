// Fetch: records from an offset on, now or when they come.

import KafkaProtocol

extension BrokerCore {
    /// Sessions are not kept: the answer's session id is 0, and clients send whole requests then.
    func fetch(_ request: FetchRequest, _ reply: Reply, waits: (FetchJob) -> Void) {
        guard request.sessionID == 0 else {
            return reply.send(
                FetchRequest.self, FetchResponse { $0.errorCode = .fetchSessionIDNotFound })
        }
        let plan = FetchPlan(request, version: reply.header.apiVersion, catalog: catalog) {
            self.allows(reply, .read, .topic($0))
        }
        let job = FetchJob(
            plan, waitMilliseconds: request.maxWaitMilliseconds, reply: reply,
            readThreads: readThreads
        ) {
            self.metered(.consumerByteRate, bytes: $0, reply)
        }
        waits(job)
        job.start()
    }
}
