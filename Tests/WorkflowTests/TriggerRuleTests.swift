// All trigger rules against the table in reference/orchestrator.md.

import MillraceWorkflow
import Testing

@Suite("Trigger rules")
struct TriggerRuleTests {
    /// Upstreams by letter: S success, F failed, U upstream_failed, K skipped, R removed, . not done.
    struct Case: Sendable, CustomTestStringConvertible {
        var rule: TriggerRule
        var upstream: String
        var decision: TriggerRule.Decision

        init(_ rule: TriggerRule, _ upstream: String, _ decision: TriggerRule.Decision) {
            self.rule = rule
            self.upstream = upstream
            self.decision = decision
        }

        var testDescription: String { "\(rule.rawValue) after \(upstream): \(decision)" }
    }

    static func counts(_ letters: String) -> UpstreamCounts {
        var counts = UpstreamCounts()
        counts.all = letters.count
        for letter in letters {
            switch letter {
            case "S": counts.succeeded += 1
            case "F": counts.failed += 1
            case "U": counts.upstreamFailed += 1
            case "K": counts.skipped += 1
            case "R": counts.removed += 1
            default: break
            }
        }
        return counts
    }

    static let table: [Case] = [
        .init(.allSuccess, "SS", .run), .init(.allSuccess, "S.", .wait),
        .init(.allSuccess, "SR", .run), .init(.allSuccess, "F.", .failUpstream),
        .init(.allSuccess, "U.", .failUpstream), .init(.allSuccess, "K.", .skip),
        .init(.allSuccess, "KF", .failUpstream), .init(.allSuccess, "..", .wait),
        .init(.allFailed, "FU", .run), .init(.allFailed, "F.", .wait),
        .init(.allFailed, "S.", .skip), .init(.allFailed, "K.", .skip),
        .init(.allFailed, "FR", .run),
        .init(.allDone, "SFUKR", .run), .init(.allDone, "SF.", .wait),
        .init(.allDone, "KK", .run),
        .init(.oneSuccess, "S..", .run), .init(.oneSuccess, "F..", .wait),
        .init(.oneSuccess, "KK", .skip), .init(.oneSuccess, "KF", .failUpstream),
        .init(.oneSuccess, "FF", .failUpstream), .init(.oneSuccess, "KR", .failUpstream),
        .init(.oneSuccess, "SFK", .run),
        .init(.oneFailed, "F.", .run), .init(.oneFailed, "U.", .run),
        .init(.oneFailed, "SS", .skip), .init(.oneFailed, "SK", .skip),
        .init(.oneFailed, "S.", .wait),
        .init(.oneDone, "S.", .run), .init(.oneDone, "F.", .run), .init(.oneDone, "K.", .wait),
        .init(.oneDone, "U.", .wait), .init(.oneDone, "KU", .skip), .init(.oneDone, "R", .skip),
        .init(.noneFailed, "SK", .run), .init(.noneFailed, "KK", .run),
        .init(.noneFailed, "S.", .wait), .init(.noneFailed, "F.", .failUpstream),
        .init(.noneFailed, "U.", .failUpstream), .init(.noneFailed, "SR", .run),
        .init(.noneFailedMinOneSuccess, "SK", .run), .init(.noneFailedMinOneSuccess, "KK", .skip),
        .init(.noneFailedMinOneSuccess, "S.", .wait),
        .init(.noneFailedMinOneSuccess, "KF", .failUpstream),
        .init(.noneFailedMinOneSuccess, "KR", .failUpstream),
        .init(.noneFailedMinOneSuccess, "U.", .failUpstream),
        .init(.noneSkipped, "SF", .run), .init(.noneSkipped, "S.", .wait),
        .init(.noneSkipped, "K.", .skip), .init(.noneSkipped, "FU", .run),
        .init(.allSkipped, "KK", .run), .init(.allSkipped, "K.", .wait),
        .init(.allSkipped, "S.", .skip), .init(.allSkipped, "F.", .skip),
        .init(.allSkipped, "U.", .skip), .init(.allSkipped, "KR", .wait),
        .init(.allDoneMinOneSuccess, "SF", .run), .init(.allDoneMinOneSuccess, "S.", .wait),
        .init(.allDoneMinOneSuccess, "K.", .skip),
        .init(.allDoneMinOneSuccess, "FU", .failUpstream),
        .init(.allDoneSetupSuccess, "SF", .run), .init(.allDoneSetupSuccess, "S.", .wait),
        .init(.always, "...", .run), .init(.always, "F.", .run),
    ]

    @Test(arguments: table)
    func decidesAsAirflow(_ one: Case) {
        #expect(one.rule.decision(Self.counts(one.upstream)) == one.decision)
    }

    @Test(arguments: TriggerRule.allCases)
    func runsWithoutUpstreams(rule: TriggerRule) {
        #expect(rule.decision(UpstreamCounts()) == .run)
    }

    /// Goal: no rule waits for ever once all upstreams are done, but all_skipped with a removed one.
    @Test(arguments: TriggerRule.allCases)
    func neverWaitsWhenAllAreDone(rule: TriggerRule) {
        let letters = ["S", "F", "U", "K"]
        for a in letters {
            for b in letters {
                for c in letters {
                    #expect(rule.decision(Self.counts(a + b + c)) != .wait, "\(a)\(b)\(c)")
                }
            }
        }
    }

    /// Goal: setups decide the fate of a teardown.
    @Test func teardownLooksAtItsSetups() {
        var upstream = Self.counts("SF")
        upstream.setups = 1
        upstream.setupsSucceeded = 1
        #expect(TriggerRule.allDoneSetupSuccess.decision(upstream) == .run)
        upstream.setupsSucceeded = 0
        #expect(TriggerRule.allDoneSetupSuccess.decision(upstream) == .failUpstream)
        upstream.setupsSkipped = 1
        #expect(TriggerRule.allDoneSetupSuccess.decision(upstream) == .skip)
    }

    /// Goal: the names are Airflow's, all thirteen.
    @Test func namesAreAirflows() {
        #expect(TriggerRule.allCases.count == 13)
        #expect(TriggerRule.noneFailedMinOneSuccess.rawValue == "none_failed_min_one_success")
    }
}
