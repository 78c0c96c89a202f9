// A thread of its own for calls that block: fsync, RocksDB, libpq, librdkafka's polls.

import Foundation
import Synchronization

/// A serial executor with one thread, so that a blocking C call never holds one of the few threads
/// that Swift's tasks share. An actor runs on it by `unownedExecutor`; others by `run`.
///
/// The thread ends when the executor is released; jobs already given are done first.
public final class SerialThread: SerialExecutor, Sendable {
    private let queue: DispatchQueue

    /// - Parameter name: shown by debuggers and profilers.
    public init(_ name: String) { queue = DispatchQueue(label: "millrace.\(name)") }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Runs a blocking piece of work after all that was given before.
    public func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }
}
