// Whether a stack was told to stop, known before the first of its services is gone.

import ServiceLifecycle
import Synchronization

/// The last service of a stack that is started for one command: the first that is asked to stop.
/// What the command fails with afterwards is no failure, there is just nobody left to ask.
final class StopNotice: Service {
    private let hasStopped = Atomic(false)

    var isStopping: Bool { hasStopped.load(ordering: .acquiring) }

    func run() async throws {
        defer { hasStopped.store(true, ordering: .releasing) }
        try? await gracefulShutdown()
    }
}
