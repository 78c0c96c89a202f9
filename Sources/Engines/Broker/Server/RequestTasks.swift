// Where requests that wait without a thread go on: a bridge from event loops to tasks.

import Synchronization

/// Runs asynchronous work for requests, each in a child task of one group.
///
/// Event loops cannot start child tasks, so what they submit passes through a stream into `run`.
final class RequestTasks: Sendable {
    typealias Work = @Sendable () async -> Void

    private let works: AsyncStream<Work>
    private let submitted: AsyncStream<Work>.Continuation

    /// - Parameter connectionsMax: Kafka's `max.connections`. Two works for each may wait to be begun;
    ///   one is usual, since only Produce requests of several transactions run beside each other.
    init(connectionsMax: Int) {
        (works, submitted) = AsyncStream.makeStream(
            of: Work.self,
            bufferingPolicy: .bufferingOldest(connectionsMax * Limits.worksWaitingPerConnectionMax))
    }

    /// - Returns: false when the work was not taken, because too many wait or the broker stops. The
    ///   caller refuses its request then, or closes the connection.
    func submit(_ work: @escaping Work) -> Bool {
        switch submitted.yield(work) {
        case .enqueued: true
        case .dropped, .terminated: false
        @unknown default: false
        }
    }

    /// Runs what is submitted until cancelled, and then cancels what still runs.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await work in works { group.addTask { await work() } }
            group.cancelAll()
        }
    }

    func finish() { submitted.finish() }
}
