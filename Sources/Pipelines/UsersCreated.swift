// The pipeline that Millrace exists for: people from the source to the store, once a day.

public import Millrace

/// `user_automation` fetches people, branches on their gender, lands them and waits until they
/// arrived; `users_created` streams them from the topic into the table.
public struct UsersCreated: Pipeline {
    static let topic = "users_created"
    static let deadLetters = "users_created.dlq"
    static let keyspace = "spark_streams"
    static let table = "created_users"
    static let retryDelay = RetryDelay.exponential(from: .seconds(1), upTo: .minutes(5))

    public init() {}

    public var dags: [DAG] {
        [
            DAG(
                "user_automation", schedule: .daily,
                description: "People from the source to the store, landed by gender"
            ) { dag in
                let users = dag.parameter("users", default: 1000, in: 1...1_000_000)

                let people = dag.task(
                    "fetch_users", retries: 3, retryDelay: Self.retryDelay, timeout: .minutes(30)
                ) { run in
                    try await run.source.stage(count: run[users], deadLetters: Self.deadLetters)
                }
                let path = dag.branch("detect_gender", on: people) { people, run in
                    try await run.staged(people).distinct(Gender.of).map(\.landingTask)
                }
                let landed = Gender.allCases.map { gender in
                    dag.task(gender.landingTask, on: people, after: path, retries: 3) {
                        people, run in
                        let some = run.staged(people).filter { Gender.of($0) == gender }
                            .map { $0.with(gender: gender.rawValue) }
                        return try await run.landing.upsert(some, to: Self.topic)
                    }
                }
                let published = dag.task(
                    "publish", after: landed, when: .noneFailedMinOneSuccess, retries: 3,
                    retryDelay: Self.retryDelay, timeout: .minutes(30)
                ) { run in
                    try await run.landing.published()
                }
                dag.task(
                    "confirm", on: people, after: published, retries: 3,
                    retryDelay: Self.retryDelay, timeout: .minutes(30)
                ) { people, run in
                    let table = "\(Self.keyspace).\(Self.table)"
                    let found = try await run.store.queryable(run.staged(people), in: table)
                    try await run.store.release(people)
                    return found
                }
            }
        ]
    }

    public var queries: [StreamQuery] {
        [
            StreamQuery("users_created")
                .read(.kafka(topic: Self.topic, from: .earliest))
                .select(fromJSON("value", as: CreatedUser.schema))
                .filter(col("email").isNotNull)
                .deadLetters(topic: Self.deadLetters)
                .write(.cassandra(keyspace: Self.keyspace, table: Self.table))
        ]
    }

    public var topics: [TopicPlan] {
        [
            TopicPlan(Self.topic, schema: CreatedUser.schema),
            TopicPlan(Self.deadLetters, partitions: 1),
        ]
    }

    public var tables: [TablePlan] {
        let columns = CreatedUser.columns.map { $0 == "id" ? "id uuid PRIMARY KEY" : "\($0) text" }
        return [
            TablePlan(
                keyspace: Self.keyspace, name: Self.table,
                definition: columns.joined(separator: ", "))
        ]
    }
}
