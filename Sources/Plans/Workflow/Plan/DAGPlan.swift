// A DAG without its closures: what a machine, a server and a console need to know of it.

/// Tasks by index, in the order they were declared, with the edges both ways.
///
/// Built from any declaration, sound or not; `problems` is empty for a sound one.
package struct DAGPlan: Sendable {
    package let id: String
    package let schedule: Schedule?
    package let description: String
    package let tags: [String]
    package let maxActiveRuns: Int
    package let parameters: [ParameterDefinition]
    package let tasks: [TaskPlan]
    /// The indices of the tasks before each task, and after it.
    package let upstream: [[Int]]
    package let downstream: [[Int]]
    private let indexByID: [String: Int]

    package init(
        id: String, schedule: Schedule?, description: String, tags: [String], maxActiveRuns: Int,
        parameters: [ParameterDefinition], tasks: [TaskPlan]
    ) {
        self.id = id
        self.schedule = schedule
        self.description = description
        self.tags = tags
        self.maxActiveRuns = maxActiveRuns
        self.parameters = parameters
        self.tasks = tasks
        let indices = Dictionary(
            tasks.enumerated().map { ($0.element.id, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        indexByID = indices
        let upstream = tasks.map { task in task.upstreamIDs.compactMap { indices[$0] } }
        var downstream = tasks.map { _ in [Int]() }
        for (index, before) in upstream.enumerated() {
            for one in before { downstream[one].append(index) }
        }
        self.upstream = upstream
        self.downstream = downstream
    }

    package func index(of taskID: String) -> Int? { indexByID[taskID] }

    package func downstreamIDs(of index: Int) -> [String] { downstream[index].map { tasks[$0].id } }

    /// Every task that is after one of `indices`, near or far, without themselves.
    package func allDownstream(of indices: [Int]) -> Set<Int> { reached(from: indices, downstream) }

    package func allUpstream(of indices: [Int]) -> Set<Int> { reached(from: indices, upstream) }

    private func reached(from starts: [Int], _ edges: [[Int]]) -> Set<Int> {
        var seen: Set<Int> = []
        var open = starts.flatMap { edges[$0] }
        while let index = open.popLast() {
            if seen.insert(index).inserted { open += edges[index] }
        }
        return seen
    }

    /// The tasks that nothing follows; they decide what becomes of a run.
    package var leaves: [Int] { tasks.indices.filter { downstream[$0].isEmpty } }
}

extension DAGPlan {
    package var problems: [DAGError.Problem] {
        var found: [DAGError.Problem] = []
        if !Self.isID(id) { found.append(.badID(id)) }
        if tasks.isEmpty { found.append(.noTasks) }
        if tasks.count > WorkflowLimits.tasksMax { found.append(.tooManyTasks(tasks.count)) }
        if maxActiveRuns < 1 { found.append(.badMaxActiveRuns(maxActiveRuns)) }
        if let error = schedule?.error { found.append(.badSchedule(error)) }
        found += parameters.compactMap(\.problem)
        if parameters.count > WorkflowLimits.parametersMax {
            found.append(.tooManyParameters(parameters.count))
        }
        found += Self.repeated(parameters.map(\.name)).map { .duplicateParameter($0) }
        found += Self.repeated(tasks.map(\.id)).map { .duplicateTask($0) }
        for task in tasks {
            if !Self.isID(task.id) { found.append(.badID(task.id)) }
            if !(0...WorkflowLimits.retriesMax).contains(task.retries) {
                found.append(.badRetries(task: task.id, retries: task.retries))
            }
            if let timeout = task.timeout, timeout <= .zero {
                found.append(.badTimeout(task: task.id))
            }
            for upstream in task.upstreamIDs where index(of: upstream) == nil {
                found.append(.unknownTask(task: task.id, upstream: upstream))
            }
        }
        if let circle { found.append(.circle(circle)) }
        return found
    }

    /// Source: Airflow's `validate_key`.
    private static func isID(_ text: String) -> Bool {
        (1...WorkflowLimits.idCharactersMax).contains(text.count)
            && text.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || $0.properties.numericType != nil
                    || $0 == "-" || $0 == "_" || $0 == "."
            }
    }

    private static func repeated(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        var twice: [String] = []
        for name in names where !seen.insert(name).inserted && !twice.contains(name) {
            twice.append(name)
        }
        return twice
    }

    /// The ids along a circle, its first one repeated at the end; `nil` when there is none.
    private var circle: [String]? {
        var waiting = upstream.map(\.count)
        var ready = tasks.indices.filter { waiting[$0] == 0 }
        var sorted = 0
        while let index = ready.popLast() {
            sorted += 1
            for next in downstream[index] {
                waiting[next] -= 1
                if waiting[next] == 0 { ready.append(next) }
            }
        }
        guard sorted < tasks.count, var at = tasks.indices.first(where: { waiting[$0] > 0 }) else {
            return nil
        }
        // Each task left has a task left before it: walking up must meet a task twice.
        var path: [Int] = []
        while !path.contains(at) {
            path.append(at)
            guard let before = upstream[at].first(where: { waiting[$0] > 0 }) else { return nil }
            at = before
        }
        let around = path[(path.firstIndex(of: at) ?? 0)...] + [at]
        return around.reversed().map { tasks[$0].id }
    }
}
