// How a stack is to be started, beside its settings.

/// The stages of a stack by their setting's name, in the order they are started.
enum StageName: String, Sendable, CaseIterable {
    case source, landing, kafka, registry, store, processing, orchestrator, console

    /// Where an embedded engine listens unless told otherwise; `nil` for one without a port.
    var standardPort: Int? {
        switch self {
        case .source: 8000
        case .orchestrator: 8080
        case .registry: 8081
        case .console: 9021
        case .kafka: 9092
        case .store: 9042
        case .landing, .processing: nil
        }
    }
}

struct StackOptions: Sendable {
    /// What to do when an embedded engine's port is taken.
    enum TakenPort: Sendable {
        /// A `Failure`: who starts a stack to stay wants its address.
        case fail
        /// A free one, and a word about it.
        case takeFree
        /// Never try the usual ports at all.
        case alwaysFree
    }

    var stages: Set<StageName> = Set(StageName.allCases)
    var takenPort = TakenPort.fail
    /// Whether DAGs run by their schedule. `run` and single commands schedule nothing.
    var schedules = true
    /// Whether it makes no sense to go on when the source does not answer.
    var needsSource = false
    /// Told to the person: a port that was taken, and the like.
    var notice: @Sendable (String) -> Void = { _ in }
}
