// The states of a transaction, with the numbers and names Kafka gives them.
// Source: apache/kafka transaction-coordinator TransactionState.java; reference/kafka.md B2

/// The raw value is the one of a record of `__transaction_state`.
package enum TransactionState: Int8, Sendable, CaseIterable {
    /// The producer has an id, and no transaction yet.
    case empty = 0
    case ongoing = 1
    /// Decided: from here on only the markers are missing.
    case prepareCommit = 2
    case prepareAbort = 3
    case completeCommit = 4
    case completeAbort = 5
    /// Expired; its tombstone is being written.
    case dead = 6
    /// Fencing a producer. Never written down: what is written is the abort that follows.
    case prepareEpochFence = 7

    /// The name tools show and filter by.
    package var name: String {
        switch self {
        case .empty: "Empty"
        case .ongoing: "Ongoing"
        case .prepareCommit: "PrepareCommit"
        case .prepareAbort: "PrepareAbort"
        case .completeCommit: "CompleteCommit"
        case .completeAbort: "CompleteAbort"
        case .dead: "Dead"
        case .prepareEpochFence: "PrepareEpochFence"
        }
    }

    package init?(name: String) {
        guard let state = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = state
    }

    /// Whether its markers have yet to be written.
    package var isEnding: Bool {
        switch self {
        case .prepareCommit, .prepareAbort: true
        case .empty, .ongoing, .completeCommit, .completeAbort, .dead, .prepareEpochFence: false
        }
    }

    /// Whether there is nothing to lose when the transactional id is forgotten.
    var mayExpire: Bool {
        switch self {
        case .empty, .completeCommit, .completeAbort: true
        case .ongoing, .prepareCommit, .prepareAbort, .dead, .prepareEpochFence: false
        }
    }
}
