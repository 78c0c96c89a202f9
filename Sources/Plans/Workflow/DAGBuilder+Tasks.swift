// The ways to declare a task: with no, one, two or many inputs; with and without a result.

extension DAGBuilder {
    private func handle<Output>(
        _ plan: TaskPlan, following: [any TaskReference], body: @escaping TaskBody<Context>
    ) -> TaskHandle<Output> {
        add(plan, following: following, body: body)
        return TaskHandle(id: plan.id, dagID: dagID)
    }

    /// A task with a result.
    ///
    /// - Parameters:
    ///   - after: tasks it follows without taking their results.
    ///   - when: what must have become of the tasks before it.
    ///   - retries: further tries after a failed one.
    ///   - timeout: of one try. The try is cancelled and fails with "timed out after …".
    @discardableResult
    public func task<Output: Codable & Sendable>(
        _ id: String, after: any TaskReference..., when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (Context) async throws -> Output
    ) -> TaskHandle<Output> {
        let plan = TaskPlan(id, .task, when, retries, retryDelay, timeout)
        return handle(plan, following: after) { _, context in
            try TaskOutput(encoding: try await body(context))
        }
    }

    /// A task without a result.
    @discardableResult
    public func task(
        _ id: String, after: any TaskReference..., when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (Context) async throws -> Void
    ) -> TaskHandle<Void> {
        let plan = TaskPlan(id, .task, when, retries, retryDelay, timeout)
        return handle(plan, following: after) { _, context in
            try await body(context)
            return .nothing
        }
    }

    /// A task that takes another's result.
    @discardableResult
    public func task<A: Codable & Sendable, Output: Codable & Sendable>(
        _ id: String, on input: TaskHandle<A>, after: any TaskReference...,
        when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (A, Context) async throws -> Output
    ) -> TaskHandle<Output> {
        let plan = TaskPlan(id, .task, when, retries, retryDelay, timeout, inputs: [input.id])
        return handle(plan, following: [input] + after) { inputs, context in
            try TaskOutput(encoding: try await body(inputs.value(of: input), context))
        }
    }

    /// A task that takes another's result and has none.
    @discardableResult
    public func task<A: Codable & Sendable>(
        _ id: String, on input: TaskHandle<A>, after: any TaskReference...,
        when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (A, Context) async throws -> Void
    ) -> TaskHandle<Void> {
        let plan = TaskPlan(id, .task, when, retries, retryDelay, timeout, inputs: [input.id])
        return handle(plan, following: [input] + after) { inputs, context in
            try await body(inputs.value(of: input), context)
            return .nothing
        }
    }

    /// A task that takes two results.
    @discardableResult
    public func task<A: Codable & Sendable, B: Codable & Sendable, Output: Codable & Sendable>(
        _ id: String, on first: TaskHandle<A>, _ second: TaskHandle<B>,
        after: any TaskReference..., when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (A, B, Context) async throws -> Output
    ) -> TaskHandle<Output> {
        let plan = TaskPlan(
            id, .task, when, retries, retryDelay, timeout, inputs: [first.id, second.id])
        return handle(plan, following: [first, second] + after) { inputs, context in
            try TaskOutput(
                encoding: try await body(inputs.value(of: first), inputs.value(of: second), context)
            )
        }
    }

    /// A task that takes two results and has none.
    @discardableResult
    public func task<A: Codable & Sendable, B: Codable & Sendable>(
        _ id: String, on first: TaskHandle<A>, _ second: TaskHandle<B>,
        after: any TaskReference..., when: TriggerRule = .allSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable (A, B, Context) async throws -> Void
    ) -> TaskHandle<Void> {
        let plan = TaskPlan(
            id, .task, when, retries, retryDelay, timeout, inputs: [first.id, second.id])
        return handle(plan, following: [first, second] + after) { inputs, context in
            try await body(inputs.value(of: first), inputs.value(of: second), context)
            return .nothing
        }
    }

    /// A task that takes the results of those of several tasks that succeeded, in the order given:
    /// the join after a branch, where others were skipped.
    @discardableResult
    public func task<A: Codable & Sendable, Output: Codable & Sendable>(
        _ id: String, onEach tasks: [TaskHandle<A>], after: any TaskReference...,
        when: TriggerRule = .noneFailedMinOneSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable ([A], Context) async throws -> Output
    ) -> TaskHandle<Output> {
        let plan = TaskPlan(
            id, .task, when, retries, retryDelay, timeout, inputs: tasks.map(\.id))
        return handle(plan, following: [tasks] + after) { inputs, context in
            try TaskOutput(encoding: try await body(inputs.values(of: tasks), context))
        }
    }

    /// As above, without a result.
    @discardableResult
    public func task<A: Codable & Sendable>(
        _ id: String, onEach tasks: [TaskHandle<A>], after: any TaskReference...,
        when: TriggerRule = .noneFailedMinOneSuccess,
        retries: Int = 0, retryDelay: RetryDelay = .standard, timeout: Duration? = nil,
        body: @escaping @Sendable ([A], Context) async throws -> Void
    ) -> TaskHandle<Void> {
        let plan = TaskPlan(
            id, .task, when, retries, retryDelay, timeout, inputs: tasks.map(\.id))
        return handle(plan, following: [tasks] + after) { inputs, context in
            try await body(inputs.values(of: tasks), context)
            return .nothing
        }
    }
}
