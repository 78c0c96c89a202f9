// Tasks that choose what runs after them.

extension DAGBuilder {
    private func branch(
        _ plan: TaskPlan, following: [any TaskReference],
        choose: @escaping @Sendable (TaskInputs, Context) async throws -> [String]
    ) -> TaskHandle<[String]> {
        add(plan, following: following) { inputs, context in
            .branch(try await choose(inputs, context))
        }
        return TaskHandle(id: plan.id, dagID: dagID)
    }

    /// A task that returns the ids of the tasks directly after it that shall run; the others
    /// directly after it are skipped, unless a chosen one leads to them. An id that is not directly
    /// after it fails the task, without a retry.
    @discardableResult
    public func branch(
        _ id: String, after: any TaskReference..., when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (Context) async throws -> [String]
    ) -> TaskHandle<[String]> {
        let plan = TaskPlan(id, .branch, when, retries, retryDelay, timeout)
        return branch(plan, following: after) { _, context in try await body(context) }
    }

    /// A branch with one choice.
    @discardableResult
    public func branch(
        _ id: String, after: any TaskReference..., when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (Context) async throws -> String
    ) -> TaskHandle<[String]> {
        let plan = TaskPlan(id, .branch, when, retries, retryDelay, timeout)
        return branch(plan, following: after) { _, context in [try await body(context)] }
    }

    /// A branch that looks at a result.
    @discardableResult
    public func branch<A: Codable & Sendable>(
        _ id: String, on input: TaskHandle<A>, after: any TaskReference...,
        when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (A, Context) async throws -> [String]
    ) -> TaskHandle<[String]> {
        let plan = TaskPlan(id, .branch, when, retries, retryDelay, timeout, inputs: [input.id])
        return branch(plan, following: [input] + after) { inputs, context in
            try await body(inputs.value(of: input), context)
        }
    }

    /// A branch that looks at a result and has one choice.
    @discardableResult
    public func branch<A: Codable & Sendable>(
        _ id: String, on input: TaskHandle<A>, after: any TaskReference...,
        when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (A, Context) async throws -> String
    ) -> TaskHandle<[String]> {
        let plan = TaskPlan(id, .branch, when, retries, retryDelay, timeout, inputs: [input.id])
        return branch(plan, following: [input] + after) { inputs, context in
            [try await body(inputs.value(of: input), context)]
        }
    }

    /// A branch that looks at two results.
    @discardableResult
    public func branch<A: Codable & Sendable, B: Codable & Sendable>(
        _ id: String, on first: TaskHandle<A>, _ second: TaskHandle<B>,
        after: any TaskReference..., when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (A, B, Context) async throws -> [String]
    ) -> TaskHandle<[String]> {
        let plan = TaskPlan(
            id, .branch, when, retries, retryDelay, timeout, inputs: [first.id, second.id])
        return branch(plan, following: [first, second] + after) { inputs, context in
            try await body(inputs.value(of: first), inputs.value(of: second), context)
        }
    }

    /// A task that decides whether anything after it runs: `false` skips all of it, near and far.
    @discardableResult
    public func shortCircuit(
        _ id: String, after: any TaskReference..., when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (Context) async throws -> Bool
    ) -> TaskHandle<Bool> {
        let plan = TaskPlan(id, .shortCircuit, when, retries, retryDelay, timeout)
        add(plan, following: after) { _, context in .shortCircuit(try await body(context)) }
        return TaskHandle(id: plan.id, dagID: dagID)
    }
}
