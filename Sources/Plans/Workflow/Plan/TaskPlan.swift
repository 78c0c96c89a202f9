// A task as the machine of a run sees it: what it waits for, and how often it may fail.

package enum TaskKind: String, Sendable {
    case task, branch, shortCircuit
}

package struct TaskPlan: Sendable, Equatable {
    package let id: String
    package let kind: TaskKind
    package let rule: TriggerRule
    /// Further tries after a failed one.
    package let retries: Int
    package let retryDelay: RetryDelay
    /// Of one try.
    package let timeout: Duration?
    /// The tasks whose results it takes; all of them are in `upstreamIDs` too.
    package let inputIDs: [String]
    package internal(set) var upstreamIDs: [String] = []

    init(
        _ id: String, _ kind: TaskKind, _ rule: TriggerRule, _ retries: Int,
        _ retryDelay: RetryDelay, _ timeout: Duration?, inputs: [String] = []
    ) {
        self.id = id
        self.kind = kind
        self.rule = rule
        self.retries = retries
        self.retryDelay = retryDelay
        self.timeout = timeout
        self.inputIDs = inputs
    }
}
