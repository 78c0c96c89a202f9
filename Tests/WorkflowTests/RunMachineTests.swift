// The life of a run: order, branches, retries, ends, clearing. No clock, no tasks that run.

import MillraceBase
import Testing

@testable import MillraceWorkflow

/// Plays a run by names: tasks that are to start wait in `starting` until they are ended.
struct RunPlayer {
    var machine: RunMachine
    var starting: [String] = []
    var retries: [(id: String, wait: Duration)] = []
    var cancelled: [String] = []
    var result: RunState?

    init(_ dag: DAG) {
        machine = RunMachine(plan: dag.plan)
        take(machine.begin())
    }

    func place(_ id: String) -> Int { machine.plan.index(of: id) ?? -1 }

    func state(_ id: String) -> TaskState? { machine.records[place(id)].state }

    mutating func take(_ actions: [RunMachine.Action]) {
        for action in actions {
            switch action {
            case .set: break
            case .start(let task): starting.append(machine.plan.tasks[task].id)
            case .retry(let task, let wait): retries.append((machine.plan.tasks[task].id, wait))
            case .cancel(let task): cancelled.append(machine.plan.tasks[task].id)
            case .finish(let state): result = state
            }
        }
    }

    mutating func start(_ id: String) {
        starting.removeAll { $0 == id }
        take(machine.started(place(id)))
    }

    mutating func succeed(_ id: String, choosing: [String]? = nil) throws {
        start(id)
        let output = choosing.map { TaskOutput.branch($0) } ?? .nothing
        let skipping = try machine.plan.skipped(by: place(id), output)
        take(machine.succeeded(place(id), skipping: skipping))
    }

    mutating func fail(_ id: String, mayRetry: Bool = true) {
        start(id)
        take(machine.failed(place(id), mayRetry: mayRetry, random: 1))
    }
}

@Suite("RunMachine")
struct RunMachineTests {
    @Test func runsTheAutomation() throws {
        var run = RunPlayer(SampleDAG.automation)
        #expect(run.starting == ["fetch"])
        try run.succeed("fetch")
        #expect(run.starting == ["detect"])
        try run.succeed("detect", choosing: ["land_red", "land_blue"])
        #expect(run.state("land_green") == .skipped)
        #expect(run.starting == ["land_red", "land_blue"])
        try run.succeed("land_red")
        #expect(run.starting == ["land_blue"])
        try run.succeed("land_blue")
        #expect(run.starting == ["publish"])
        try run.succeed("publish")
        try run.succeed("confirm")
        #expect(run.result == .success)
    }

    @Test func aBranchMayChooseNobody() throws {
        var run = RunPlayer(SampleDAG.automation)
        try run.succeed("fetch")
        try run.succeed("detect", choosing: [])
        #expect(run.state("publish") == .skipped)
        #expect(run.state("confirm") == .skipped)
        #expect(run.result == .success)
    }

    @Test func aBranchMustChooseWhatFollowsIt() {
        let plan = SampleDAG.automation.plan
        let detect = plan.index(of: "detect") ?? -1
        let error = #expect(throws: FailTask.self) {
            try plan.skipped(by: detect, .branch(["land_red", "publish"]))
        }
        #expect(error?.reason.contains("publish") == true)
        #expect(error?.reason.contains("\"land_red\", \"land_green\", \"land_blue\"") == true)
    }

    /// Goal: a direct child that a chosen one leads to is not skipped (Airflow's `skip_all_except`).
    @Test func aBranchKeepsWhatItsChoiceLeadsTo() throws {
        let dag = DAG("d") { dag in
            let path = dag.branch("path") { run in ["a"] }
            let a = dag.task("a", after: path) { run in }
            dag.task("join", after: path, a, when: .noneFailedMinOneSuccess) { run in }
        }
        var run = RunPlayer(dag)
        try run.succeed("path", choosing: ["a"])
        #expect(run.state("join") == nil)
        #expect(run.starting == ["a"])
    }

    @Test func aFailureFailsWhatFollows() throws {
        var run = RunPlayer(SampleDAG.automation)
        try run.succeed("fetch")
        run.fail("detect")
        #expect(run.state("land_red") == .upstreamFailed)
        #expect(run.state("confirm") == .upstreamFailed)
        #expect(run.result == .failed)
    }

    @Test func leavesDecideAboutTheRun() throws {
        let dag = DAG("d") { dag in
            let a = dag.task("a") { run in }
            dag.task("cleanup", after: a, when: .allDone) { run in }
        }
        var run = RunPlayer(dag)
        run.fail("a")
        try run.succeed("cleanup")
        #expect(run.result == .success)
    }

    @Test func retriesWithGrowingWaits() throws {
        let dag = DAG("d") { dag in
            dag.task(
                "a", retries: 3, retryDelay: .exponential(from: .seconds(2), upTo: .seconds(5))
            ) { run in }
        }
        var run = RunPlayer(dag)
        for _ in 0..<3 {
            run.fail("a")
            #expect(run.state("a") == .upForRetry)
            run.take(run.machine.retryDue(0))
        }
        #expect(run.retries.map(\.wait) == [.seconds(2), .seconds(4), .seconds(5)])
        run.fail("a")
        #expect(run.state("a") == .failed)
        #expect(run.result == .failed)
    }

    @Test func someFailuresAreFinal() {
        let dag = DAG("d") { dag in dag.task("a", retries: 3) { run in } }
        var run = RunPlayer(dag)
        run.fail("a", mayRetry: false)
        #expect(run.state("a") == .failed)
        #expect(run.retries.isEmpty)
    }

    /// Goal: a try that the process took with it uses up no retry.
    @Test func interruptionsUseNoRetry() throws {
        let dag = DAG("d") { dag in dag.task("a", retries: 1) { run in } }
        var run = RunPlayer(dag)
        for _ in 0..<5 {
            run.start("a")
            run.take(run.machine.interrupted(0))
            #expect(run.starting == ["a"])
        }
        run.fail("a")
        #expect(run.state("a") == .upForRetry)
    }

    @Test func shortCircuitSkipsAllThatFollows() throws {
        let dag = DAG("d") { dag in
            let check = dag.shortCircuit("check") { run in false }
            let a = dag.task("a", after: check) { run in }
            dag.task("b", after: a, when: .allDone) { run in }
        }
        var run = RunPlayer(dag)
        run.start("check")
        let skipping = try run.machine.plan.skipped(by: 0, .shortCircuit(false))
        run.take(run.machine.succeeded(0, skipping: skipping))
        #expect(run.state("a") == .skipped)
        #expect(run.state("b") == .skipped)
        #expect(run.result == .success)
    }

    @Test func clearedTasksRunAgainAndKeepTheBranchsChoice() throws {
        var run = RunPlayer(SampleDAG.automation)
        try run.succeed("fetch")
        try run.succeed("detect", choosing: ["land_red"])
        try run.succeed("land_red")
        run.fail("publish")
        #expect(run.result == .failed)
        run.result = nil
        let cleared = Set(["land_green", "land_red", "publish", "confirm"].map { run.place($0) })
        run.take(run.machine.cleared(cleared))
        #expect(run.state("land_green") == .skipped)
        #expect(run.starting == ["land_red"])
        try run.succeed("land_red")
        try run.succeed("publish")
        try run.succeed("confirm")
        #expect(run.result == .success)
    }

    @Test func aRunningTaskIsClearedWhenItsTryHasEnded() throws {
        var run = RunPlayer(DAG("d") { dag in dag.task("a") { run in } })
        run.start("a")
        run.take(run.machine.cleared([0]))
        #expect(run.cancelled == ["a"])
        #expect(run.state("a") == .running)
        run.take(run.machine.failed(0, mayRetry: false, random: 0))
        #expect(run.starting == ["a"])
        try run.succeed("a")
        #expect(run.result == .success)
    }

    @Test func markingEndsTheRunAndLateEndsChangeNothing() throws {
        var run = RunPlayer(SampleDAG.automation)
        run.start("fetch")
        run.take(run.machine.marked(.failed))
        #expect(run.state("fetch") == .failed)
        #expect(run.state("confirm") == .skipped)
        #expect(run.result == .failed)
        let late = run.machine.succeeded(run.place("fetch"))
        #expect(late.isEmpty)
    }

    /// Goal: random DAGs with random rules and ends always come to an end, with every task decided.
    @Test(arguments: 0..<60)
    func randomRunsEnd(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let count = Int.random(in: 1...25, using: &random)
        let dag = DAG("random") { dag in
            var handles: [TaskHandle<Void>] = []
            for index in 0..<count {
                let before = handles.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
                let rule = TriggerRule.allCases.randomElement(using: &random) ?? .allSuccess
                handles.append(
                    dag.task("t\(index)", after: before, when: rule, retries: 1) { run in })
            }
        }
        try dag.validate()
        var run = RunPlayer(dag)
        var startedCounts: [String: Int] = [:]
        while let id = run.starting.randomElement(using: &random) {
            startedCounts[id, default: 0] += 1
            switch Int.random(in: 0..<4, using: &random) {
            case 0: run.fail(id)
            case 1:
                run.start(id)
                run.take(run.machine.skipped(run.place(id)))
            default: try run.succeed(id)
            }
            for retry in run.retries { run.take(run.machine.retryDue(run.place(retry.id))) }
            run.retries = []
        }
        #expect(run.result != nil)
        #expect(run.machine.records.allSatisfy { $0.state?.isFinished == true })
        #expect(startedCounts.values.allSatisfy { $0 <= 2 })
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
