// Ids for idempotent producers, each given out once in the life of the data directory.

import Synchronization

/// Gives out ids from a block that was reserved on disk before. A crash leaves the rest of it unused.
final class ProducerIDs: Sendable {
    private struct State {
        var next: Int64
        var reservedUpTo: Int64
    }

    private let path: String
    private let state: Mutex<State>

    init(directory: String) throws(BrokerError) {
        let path = directory + "/producer-ids"
        let bytes = try onDisk { () throws(DiskError) in try DiskFolder.contents(path) }
        var first: Int64 = 0
        if let bytes {
            let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            guard let kept = Int64(text), kept >= 0 else {
                throw .corrupt(path: path, because: "it holds no number")
            }
            first = kept
        }
        self.path = path
        state = Mutex(State(next: first, reservedUpTo: first))
    }

    /// Blocks on the disk once in a thousand calls.
    func next() throws(DiskError) -> Int64 {
        try state.withLock { state throws(DiskError) in
            if state.next == state.reservedUpTo {
                let end = state.next + Limits.producerIDBlock
                try DiskFolder.replace(path, with: Array("\(end)\n".utf8))
                state.reservedUpTo = end
            }
            defer { state.next += 1 }
            return state.next
        }
    }
}
