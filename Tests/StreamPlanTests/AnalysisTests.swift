// Mistakes in queries, and what a sound query becomes.

import StreamPlan
import Testing

@Suite("Analysis")
struct AnalysisTests {
    static let schema = StructType([
        StructField("id", .string, nullable: false), StructField("email", .string),
        StructField("age", .int), StructField("born", .timestamp),
    ])

    static func query(_ name: String = "people") -> StreamQuery {
        StreamQuery(name).read(.kafka(topic: "people", from: .earliest))
            .select(fromJSON("value", as: schema))
    }

    static let sink = StreamSink.cassandra(keyspace: "k", table: "t")

    func failure(_ query: StreamQuery) -> AnalysisError? {
        do throws(AnalysisError) {
            _ = try query.analyzed()
            return nil
        } catch {
            return error
        }
    }

    /// Goal: the issue's own query is sound, and its columns are the schema's.
    @Test func takesTheBuiltInQuery() throws {
        let query = Self.query().filter(col("email").isNotNull).write(Self.sink)
        let plan = try query.analyzed()
        #expect(plan.output.map(\.name) == ["id", "email", "age", "born"])
        #expect(plan.deadLetterTopic == "people.dlq")
        #expect(
            plan.steps == [
                .parseJSON(column: 1, schema: Self.schema),
                .project((0..<4).map { .column(7 + $0, Self.schema.fields[$0].type) }),
                .filter(.not(.isNull(.column(1, .string)))),
            ])
    }

    /// Goal: a wrong name is answered with the names there are.
    @Test func namesTheColumnsThereAre() {
        let error = failure(Self.query().filter(col("emial").isNotNull).write(Self.sink))
        #expect(error?.condition == .unresolvedColumn)
        #expect(
            error?.message
                == "there is no column `emial`; the columns are `id`, `email`, `age`, `born`")
    }

    /// Goal: each mistake has its condition and names the expression.
    @Test(arguments: [
        (query().filter(col("age")), AnalysisError.Condition.dataTypeMismatch, "age"),
        (query().filter(col("age") == "x"), .dataTypeMismatch, "(age = x)"),
        (query().filter(col("email") > 3), .dataTypeMismatch, "(email > 3)"),
        (query().withColumn("x", col("email") + 1), .dataTypeMismatch, "(email + 1)"),
        (query().withColumn("x", lower(col("age"))), .dataTypeMismatch, "lower(age)"),
        (query().withColumn("x", upper(col("nope"))), .unresolvedColumn, "nope"),
        (query().select("id", "id"), .columnAlreadyExists, "id"),
        (query().select("id", col("email").alias("id")), .columnAlreadyExists, "id"),
        (query().select("timestamp"), .unresolvedColumn, "timestamp"),
        (query().withColumn("x", coalesce(col("age"), "x")), .dataTypeMismatch, "coalesce(age, x)"),
        (
            query().withColumn("x", col("born").cast(.boolean)), .dataTypeMismatch,
            "CAST(born AS BOOLEAN)"
        ),
        (query().select(fromJSON("id", as: StructType()).alias("j")), .invalidExpression, ""),
        (query().select(fromJSON("age", as: schema)), .dataTypeMismatch, "age"),
        (query().withColumn("x", col("age").otherwise(1)), .invalidExpression, "<invalid>"),
        (query().withColumn("j", fromJSON("email", as: schema)), .dataTypeMismatch, "j"),
        (query().outputMode(.complete), .unsupportedOutputMode, ""),
        (query("a b"), .invalidName, ""),
        (query(".."), .invalidName, ""),
        (StreamQuery("people"), .missingPart, ""),
    ])
    func refuses(_ query: StreamQuery, _ condition: AnalysisError.Condition, _ expression: String) {
        let error = failure(query.write(Self.sink))
        #expect(error?.condition == condition)
        #expect(error?.expression == expression)
    }

    @Test func refusesAQueryThatWritesNowhere() {
        #expect(failure(Self.query())?.condition == .missingPart)
    }

    /// Goal: PySpark's way with a struct and `data.*` gives the same columns.
    @Test func takesAStructByItsName() throws {
        let query = StreamQuery("people").read(.kafka(topic: "people"))
            .select(fromJSON(col("value").cast(.string), as: Self.schema).alias("data"), "offset")
            .filter(col("data.age") > 17)
            .select("data.*", "offset")
            .write(Self.sink)
        #expect(
            try query.outputSchema().names == ["id", "email", "age", "born", "offset"])
        #expect(try query.analyzed().steps.first == .parseJSON(column: 1, schema: Self.schema))
    }

    /// Goal: columns are added, replaced in place, renamed and dropped as in PySpark.
    @Test func followsTheColumns() throws {
        let query = Self.query()
            .withColumn("email", lower(col("email")))
            .withColumn("adult", col("age") >= 18)
            .withColumnRenamed("born", "birthday")
            .drop("age", "nothing")
            .write(Self.sink)
        #expect(
            try query.outputSchema().description
                == "id STRING NOT NULL, email STRING, birthday TIMESTAMP, adult BOOLEAN")
    }

    /// Goal: numbers widen, constants at once, and a text beside a time is read as one.
    @Test func widensTypes() throws {
        let query = Self.query()
            .select(
                (col("age") + Int64(1)).alias("a"), (col("age") * 1.5).alias("b"),
                (col("age") / 2).alias("c"), (col("born") > "2020-01-01").alias("d"),
                when(col("age") < 18, 0).otherwise(Int64(1)).alias("e")
            )
            .write(Self.sink)
        #expect(
            try query.outputSchema().fields.map(\.type)
                == [.long, .double, .double, .boolean, .long])
    }

    @Test func explains() {
        let text = Self.query().filter(col("email").isNotNull).write(Self.sink).explain()
        #expect(text.contains("Filter (NOT (email IS NULL))"))
        #expect(text.contains("Project [from_json(value)]"))
        #expect(text.contains("id STRING NOT NULL, email STRING"))
    }
}
