// The states of a group of the classic protocol, with Kafka's names.
// Source: apache/kafka ClassicGroupState.java; ../shared/reference/kafka.md, A5 trap 19

/// Where a group stands.
///
///     empty ──join──▶ preparing ──all joined──▶ completing ──leader's sync──▶ stable
///       ▲                 │ ▲                       │                           │
///       └──nobody left────┘ └──a member comes, goes, or changes its mind────────┘
enum GroupState: Equatable, Sendable {
    /// No members; maybe committed offsets.
    case empty
    /// Waits for all known members to join again; answers of the ones that did are held.
    case preparingRebalance
    /// All have joined; waits for the leader's assignments.
    case completingRebalance
    /// Everybody has an assignment.
    case stable
    /// Deleted; whoever still holds it must look it up again.
    case dead

    var kafkaName: String {
        switch self {
        case .empty: "Empty"
        case .preparingRebalance: "PreparingRebalance"
        case .completingRebalance: "CompletingRebalance"
        case .stable: "Stable"
        case .dead: "Dead"
        }
    }
}
