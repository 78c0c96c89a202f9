// The life of a micro-batch, as a value. It decides; `QueryLoop` does.

/// Which batch may run next, and when it counts as done.
///
/// Invariants, asserted here and again where the checkpoint is read:
/// - offsets are on disk before a batch runs, so that a batch run twice reads the same rows;
/// - a commit is on disk before the next batch is planned, so at most one batch is in doubt.
package struct BatchMachine: Sendable, Equatable {
    package enum State: Equatable, Sendable {
        /// No batch is in doubt; `next` is the number of the one to come.
        case idle(next: Int)
        /// Rows are there, their offsets are being written.
        case planned(batch: Int)
        /// The offsets are on disk. Rows may be in the sink.
        case running(batch: Int, thenStop: Bool)
        /// The sink has acknowledged every row, the commit is being written.
        case committing(batch: Int, thenStop: Bool)
        case stopped
    }

    package enum Action: Equatable, Sendable {
        case logOffsets(batch: Int)
        case run(batch: Int)
        case logCommit(batch: Int)
        case waitForRows
        case finish
        case none
    }

    package private(set) var state: State

    private init(state: State) { self.state = state }

    /// - Parameters:
    ///   - logged: the last batch whose offsets are on disk; `nil` for a new query.
    ///   - committed: the last batch whose commit is on disk; `nil` when there is none.
    /// - Returns: the machine and its first action. A batch logged but not committed runs again.
    package static func recovered(logged: Int?, committed: Int?) -> (machine: Self, first: Action) {
        let next = (committed ?? -1) + 1
        precondition(logged ?? -1 <= next, "batch \(logged ?? -1) was logged ahead of \(next)")
        precondition(logged ?? -1 >= next - 1, "batch \(next - 1) was committed but never logged")
        guard logged == next else { return (Self(state: .idle(next: next)), .waitForRows) }
        return (Self(state: .running(batch: next, thenStop: false)), .run(batch: next))
    }

    /// The source has rows for the next batch.
    package mutating func rowsArrived() -> Action {
        switch state {
        case .idle(let next):
            state = .planned(batch: next)
            return .logOffsets(batch: next)
        case .stopped:
            // A stop came while the source was waited for.
            return .none
        case .planned(let batch), .running(let batch, _), .committing(let batch, _):
            preconditionFailure("rows were fetched while batch \(batch) was not done")
        }
    }

    /// The batch's offsets are on disk.
    package mutating func offsetsLogged() -> Action {
        switch state {
        case .planned(let batch):
            state = .running(batch: batch, thenStop: false)
            return .run(batch: batch)
        case .stopped:
            // A stop came while they were written; the batch runs first at the next start.
            return .none
        case .idle, .running, .committing:
            preconditionFailure("offsets were logged of a batch that nobody planned")
        }
    }

    /// The sink has acknowledged every row, and the broker every dead letter.
    package mutating func rowsWritten() -> Action {
        switch state {
        case .running(let batch, let thenStop):
            state = .committing(batch: batch, thenStop: thenStop)
            return .logCommit(batch: batch)
        case .stopped:
            // The batch was given up in the meantime; it runs again at the next start.
            return .none
        case .idle, .planned, .committing:
            preconditionFailure("rows were written of a batch that does not run")
        }
    }

    package mutating func commitLogged() -> Action {
        switch state {
        case .committing(let batch, let thenStop):
            state = thenStop ? .stopped : .idle(next: batch + 1)
            return thenStop ? .finish : .waitForRows
        case .stopped:
            // As above; the commit is on disk, so it does not even run again.
            return .none
        case .idle, .planned, .running:
            preconditionFailure("a commit was logged of a batch that was not written")
        }
    }

    /// A running batch is let finish: stopping between its write and its commit would repeat it.
    package mutating func stopRequested() -> Action {
        switch state {
        case .idle, .planned:
            state = .stopped
            return .finish
        case .running(let batch, _):
            state = .running(batch: batch, thenStop: true)
            return .none
        case .committing(let batch, _):
            state = .committing(batch: batch, thenStop: true)
            return .none
        case .stopped:
            return .none
        }
    }

    /// The running batch cannot go on: what it needs is not there and the query shall stop, or it
    /// failed. It stays in doubt on disk and runs again at the next start.
    package mutating func givenUp() -> Action {
        switch state {
        case .idle, .planned, .running, .committing:
            state = .stopped
            return .finish
        case .stopped:
            return .none
        }
    }
}
