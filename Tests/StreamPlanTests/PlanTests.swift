// Queries and schemas as values.

import Foundation
import MillraceBase
import StreamPlan
import Testing

@Suite("Plan")
struct PlanTests {
    static let query = StreamQuery("people")
        .read(.kafka(topic: "people", from: .offsets([0: 5]), maxOffsetsPerTrigger: 100))
        .select(fromJSON("value", as: AnalysisTests.schema))
        .where(col("email").like("%@example.com") || !col("id").startswith("x"))
        .withColumn("kind", when(col("age") < 18, "child").otherwise("adult"))
        .trigger(.processingTime(.seconds(5)))
        .deadLetters(topic: "rejected")
        .write(.cassandra(keyspace: "k", table: "t"))

    /// Goal: a plan can be kept and sent as JSON without changing.
    @Test func survivesJSON() throws {
        let bytes = try JSONEncoder().encode(Self.query)
        let back = try JSONDecoder().decode(StreamQuery.self, from: bytes)
        #expect(try back.analyzed().steps == Self.query.analyzed().steps)
        #expect(back.trigger == .processingTime(.seconds(5)))
        #expect(back.deadLetterTopic == "rejected")
        #expect(back.source == Self.query.source)
    }

    @Test func namesExpressionsAsSparkDoes() {
        #expect((col("a") == "x").description == "(a = x)")
        #expect(col("a").isNotNull.description == "(NOT (a IS NULL))")
        #expect(col("a").cast(.long).description == "CAST(a AS BIGINT)")
        #expect(concat(col("a"), "-", col("b")).description == "concat(a, -, b)")
        #expect((col("a") + 1).alias("b").description == "b")
        #expect(
            when(col("a") > 1, "x").otherwise("y").description
                == "CASE WHEN (a > 1) THEN x ELSE y END")
        #expect(col("a").isin(1, 2).description == "(a IN (1, 2))")
    }

    @Test func makesAJSONSchema() throws {
        let schema = AnalysisTests.schema.jsonSchema(title: "Person")
        #expect(schema["title"]?.string == "Person")
        #expect(schema["required"] == ["id"])
        #expect(schema["properties"]?["id"]?["type"] == "string")
        #expect(schema["properties"]?["age"]?["type"] == ["integer", "null"])
        #expect(schema["properties"]?["born"]?["format"] == "date-time")
    }

    @Test func buildsASchemaAsPySparkDoes() {
        let built = StructType().add("id", .string, nullable: false).add("age", .int)
        #expect(built.description == "id STRING NOT NULL, age INT")
    }

    @Test func writesItsStatusAsSparkDoes() {
        var status = StreamQueryStatus(name: "people")
        status.committedOffsets = ["people": [1: 7, 0: 5]]
        #expect(
            status.json["committedOffsets"]?.text == #"{"people":{"0":5,"1":7}}"#)
        #expect(!status.isActive)
    }
}
