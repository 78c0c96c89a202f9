// Builds the state of all transactional ids anew from the records of the transaction topic.

import Synchronization

/// Collects records, the later one winning. The lock is for the compiler: a replay visits in turn.
final class TransactionReplay: Sendable {
    private struct Kept {
        var records: [String: TransactionRecord] = [:]
        var skipped = 0
    }

    private let kept = Mutex(Kept())

    var result: (records: [String: TransactionRecord], skipped: Int) {
        kept.withLock { ($0.records, $0.skipped) }
    }

    func add(_ stored: TransactionStoredRecord) {
        kept.withLock { kept in
            guard let (id, record) = try? stored.decoded() else {
                kept.skipped += 1
                return
            }
            kept.records[id] = record
        }
    }
}
