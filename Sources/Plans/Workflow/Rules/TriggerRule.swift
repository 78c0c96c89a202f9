// When a task may run, by what became of the tasks directly before it.
// Source: apache/airflow 3.3.2 ti_deps/deps/trigger_rule_dep.py, as read in reference/orchestrator.md.

/// Raw values are Airflow's names.
public enum TriggerRule: String, Sendable, CaseIterable, Codable {
    case allSuccess = "all_success"
    case allFailed = "all_failed"
    case allDone = "all_done"
    case allDoneMinOneSuccess = "all_done_min_one_success"
    case allDoneSetupSuccess = "all_done_setup_success"
    case oneSuccess = "one_success"
    case oneFailed = "one_failed"
    case oneDone = "one_done"
    case noneFailed = "none_failed"
    case noneFailedMinOneSuccess = "none_failed_min_one_success"
    case noneSkipped = "none_skipped"
    case allSkipped = "all_skipped"
    case always

    package enum Decision: Sendable, Equatable {
        case wait, run, skip, failUpstream
    }
}

/// How many of the tasks directly before a task ended in which way.
package struct UpstreamCounts: Sendable, Equatable {
    package var all = 0
    package var succeeded = 0
    package var failed = 0
    package var upstreamFailed = 0
    package var skipped = 0
    package var removed = 0
    /// Of those before it, the ones that only set something up.
    package var setups = 0
    package var setupsSucceeded = 0
    package var setupsSkipped = 0

    package init() {}

    package var done: Int { succeeded + failed + upstreamFailed + skipped + removed }
    var isAnyFailed: Bool { failed + upstreamFailed > 0 }
    var areAllDone: Bool { done >= all }
}

extension TriggerRule {
    /// What to do with a task that nothing was decided about yet.
    ///
    /// A state that follows already (skipped, upstream_failed) is decided before the rest is done;
    /// only when none follows it is asked whether the task may run.
    package func decision(_ upstream: UpstreamCounts) -> Decision {
        if upstream.all == 0 || self == .always { return .run }
        if let decided = stateThatFollows(upstream) { return decided }
        return mayRun(upstream) ? .run : .wait
    }

    private func stateThatFollows(_ n: UpstreamCounts) -> Decision? {
        switch self {
        case .allSuccess:
            if n.isAnyFailed { return .failUpstream }
            return n.skipped > 0 ? .skip : nil
        case .allFailed:
            return n.succeeded + n.skipped > 0 ? .skip : nil
        case .oneSuccess:
            guard n.areAllDone else { return nil }
            if n.skipped == n.all { return .skip }
            return n.succeeded == 0 ? .failUpstream : nil
        case .oneFailed:
            return n.areAllDone && !n.isAnyFailed ? .skip : nil
        case .oneDone:
            return n.areAllDone && n.succeeded + n.failed == 0 ? .skip : nil
        case .noneFailed:
            return n.isAnyFailed ? .failUpstream : nil
        case .noneFailedMinOneSuccess:
            if n.isAnyFailed { return .failUpstream }
            if n.skipped == n.all { return .skip }
            return n.areAllDone && n.succeeded == 0 ? .failUpstream : nil
        case .noneSkipped:
            return n.skipped > 0 ? .skip : nil
        case .allSkipped:
            return n.succeeded > 0 || n.isAnyFailed ? .skip : nil
        case .allDoneMinOneSuccess:
            if n.skipped > 0 { return .skip }
            return n.areAllDone && n.succeeded == 0 ? .failUpstream : nil
        case .allDoneSetupSuccess:
            guard n.areAllDone, n.setups > 0 else { return nil }
            if n.setupsSkipped == n.setups { return .skip }
            return n.setupsSucceeded == 0 ? .failUpstream : nil
        case .allDone, .always:
            return nil
        }
    }

    private func mayRun(_ n: UpstreamCounts) -> Bool {
        switch self {
        case .allSuccess: n.all - n.succeeded - n.removed <= 0
        case .allFailed: n.all - n.failed - n.upstreamFailed - n.removed <= 0
        case .allDone, .allDoneSetupSuccess: n.areAllDone
        case .oneSuccess: n.succeeded >= 1
        case .oneFailed: n.isAnyFailed
        case .oneDone: n.succeeded + n.failed >= 1
        case .noneFailed: n.all - n.succeeded - n.skipped - n.removed <= 0
        case .noneFailedMinOneSuccess:
            n.all - n.succeeded - n.skipped - n.removed <= 0 && n.succeeded >= 1
        case .noneSkipped: n.areAllDone && n.skipped == 0
        case .allSkipped: n.all - n.skipped <= 0
        case .allDoneMinOneSuccess: n.areAllDone && n.skipped == 0 && n.succeeded >= 1
        case .always: true
        }
    }
}
