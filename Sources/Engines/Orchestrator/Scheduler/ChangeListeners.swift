// Who is told that a run or a task has a new state.

import Synchronization

final class ChangeListeners: Sendable {
    private struct Listener {
        var wants: @Sendable (RunChange) -> Bool
        var stream: AsyncStream<RunChange>.Continuation
    }

    private struct State {
        var listeners: [Int: Listener] = [:]
        var next = 0
        var isFinished = false
    }

    private let state = Mutex(State())

    /// The changes from now on that are wanted. A listener slower than the changes loses the oldest.
    func listen(
        where wants: @escaping @Sendable (RunChange) -> Bool = { _ in true }
    ) -> AsyncStream<RunChange> {
        let (stream, source) = AsyncStream.makeStream(
            of: RunChange.self,
            bufferingPolicy: .bufferingNewest(OrchestratorLimits.changesBuffered))
        let number = state.withLock { state -> Int? in
            guard !state.isFinished else { return nil }
            state.next += 1
            state.listeners[state.next] = Listener(wants: wants, stream: source)
            return state.next
        }
        guard let number else {
            source.finish()
            return stream
        }
        source.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    func tell(_ changes: [RunChange]) {
        guard !changes.isEmpty else { return }
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners {
            for change in changes where listener.wants(change) { listener.stream.yield(change) }
        }
    }

    /// No more changes will come.
    func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.stream.finish() }
    }

    /// Whether the orchestrator has stopped.
    var isFinished: Bool {
        state.withLock { $0.isFinished }
    }
}
