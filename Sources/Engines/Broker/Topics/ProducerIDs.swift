// Ids for idempotent producers, each given out once in the life of the data directory.

import Synchronization

/// Gives out ids from a block that the metadata log reserved before. A crash leaves the rest unused.
final class ProducerIDs: Sendable {
    private struct State {
        var next: Int64
        var reservedUpTo: Int64
    }

    private let metadata: MetadataLog
    private let state: Mutex<State>

    init(_ metadata: MetadataLog) {
        self.metadata = metadata
        let first = metadata.image.nextProducerID
        state = Mutex(State(next: first, reservedUpTo: first))
    }

    /// Blocks on the disk once in a thousand calls.
    func next() throws(MetadataLogError) -> Int64 {
        try state.withLock { state throws(MetadataLogError) in
            if state.next == state.reservedUpTo {
                let end = state.next + Limits.producerIDBlock
                try metadata.append([.producerIDs(end, node: metadata.node)])
                state.reservedUpTo = end
            }
            defer { state.next += 1 }
            return state.next
        }
    }
}
