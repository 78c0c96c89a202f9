// Expressions over batches: three-valued logic, ANSI arithmetic and casts, texts.

import StreamPlan
import Testing

@testable import StreamEngine

@Suite("Expressions")
struct EvaluatorTests {
    static let schema = StructType([
        StructField("s", .string), StructField("i", .int), StructField("l", .long),
        StructField("d", .double), StructField("b", .boolean), StructField("t", .timestamp),
    ])

    /// The value of a column for one record; `nil` for null.
    static func value(_ column: Column, _ record: String) throws -> (String?, [String]) {
        let plan = try StreamQuery("q").read(.kafka(topic: "people"))
            .select(fromJSON("value", as: schema)).select(column.alias("x"))
            .write(.cassandra(keyspace: "k", table: "t")).analyzed()
        var pipeline = BatchPipeline(plan)
        let batch = pipeline.run(sourceRows([record]))
        return (batch.shown(0, 0), batch.rejections.map(\.reason))
    }

    static let record =
        #"{"s":" Zoë %x","i":7,"l":9000000000,"d":2.5,"b":true,"t":"2024-05-06T07:08:09.25Z"}"#

    @Test(
        arguments: [
            (col("i") + 1, "8"), (col("i") - Int64(1), "6"), (col("i") * 2, "14"),
            (col("i") / 2, "3.5"), (col("i") % 4, "3"), (-col("i"), "-7"),
            (col("d") + col("i"), "9.5"),
            (col("i") == 7, "true"), (col("i") != 7, "false"), (col("i") < 7.5, "true"),
            (col("l") >= col("i"), "true"), (col("s") > "A", "false"), (col("b") == true, "true"),
            (col("t") < "2024-05-07", "true"), (col("i").between(1, 7), "true"),
            (col("i").isin(1, 7), "true"), (col("s").isNull, "false"), (col("s").isNotNull, "true"),
            (!col("b"), "false"), (lower(col("s")), " zoë %x"), (upper(trim(col("s"))), "ZOË %X"),
            (length(col("s")), "7"), (col("s").substr(2, 3), "Zoë"), (col("s").substr(-2, 5), "%x"),
            (col("s").substr(0, 2), " Z"), (concat(col("s"), col("i")), " Zoë %x7"),
            (concatWS("-", col("i"), litNull(), "a"), "7-a"), (col("s").startswith(" Z"), "true"),
            (col("s").endswith("x"), "true"), (col("s").contains("oë"), "true"),
            (col("s").contains("oe"), "false"), (col("s").like("%Z_ë%"), "true"),
            (col("s").like("% \\%x"), "true"), (col("s").like("Z%"), "false"),
            (coalesce(litNull(), col("i")), "7"),
            (when(col("i") > 5, "big").otherwise("small"), "big"),
            (when(col("i") > 9, "big").when(col("i") > 6, "middle").otherwise("s"), "middle"),
            (col("i").cast(.string), "7"), (col("d").cast(.string), "2.5"),
            (col("d").cast(.int), "2"),
            (col("d").cast(.long), "2"), (col("b").cast(.int), "1"),
            (col("i").cast(.boolean), "true"),
            (col("t").cast(.string), "2024-05-06 07:08:09.25"),
            (col("t").cast(.long), "1714979289"),
            (col("i").cast(.timestamp), "7000000"), (lit(" 12 ").cast(.int), "12"),
            (lit("1e3").cast(.double), "1000.0"), (lit("yes").cast(.boolean), "true"),
            (lit("2024-01-01 00:00:00+01:00").cast(.timestamp), "1704063600000000"),
            (lit(1e10).cast(.string), "1.0E10"), (lit(12_345_678.5).cast(.string), "1.23456785E7"),
            (lit(0.0001).cast(.string), "1.0E-4"), (lit(100.0).cast(.string), "100.0"),
            (lit("x").tryCast(.int), nil), (col("i").eqNullSafe(7), "true"),
            (col("i").eqNullSafe(litNull()), "false"),
        ] as [(Column, String?)])
    func computes(_ column: Column, _ expected: String?) throws {
        let (value, failures) = try Self.value(column, Self.record)
        #expect(value == expected, "\(column)")
        #expect(failures.isEmpty, "\(column)")
    }

    /// Goal: SQL's tables for null.
    @Test(
        arguments: [
            (col("i") == 7, nil), (col("i") + 1, nil), (col("b") && lit(true), nil),
            (col("b") && (lit(1) == 2), "false"), ((lit(1) == 2) && col("b"), "false"),
            (col("b") || (lit(1) == 1), "true"), ((lit(1) == 1) || col("b"), "true"),
            (col("b") || (lit(1) == 2), nil), (!col("b"), nil), (col("i").isNull, "true"),
            (concat("a", col("s")), nil), (concatWS(",", "a", col("s")), "a"),
            (coalesce(col("s"), "z"), "z"), (when(col("b"), "yes"), nil),
            (when(col("b"), "yes").otherwise("no"), "no"), (col("i").cast(.string), nil),
            (col("i").isin(1, 2), nil), (length(col("s")), nil), (col("s").like("%"), nil),
            (col("i").eqNullSafe(litNull()), "true"), (col("i").eqNullSafe(col("l")), "true"),
        ] as [(Column, String?)])
    func followsNull(_ column: Column, _ expected: String?) throws {
        let (value, failures) = try Self.value(column, "{}")
        #expect(value == expected, "\(column)")
        #expect(failures.isEmpty, "\(column)")
    }

    /// Goal: what ANSI forbids rejects the row, with the expression as the reason.
    @Test(arguments: [
        (lit(2_147_483_647) + col("i"), "(2147483647 + i) overflows int"),
        (col("l") * Int64.max, "(l * 9223372036854775807) overflows bigint"),
        (col("i") / 0, "(i / 0) divides by zero"), (col("i") % 0, "(i % 0) divides by zero"),
        (col("s").cast(.int), "CAST(s AS INT) failed"),
        (col("l").cast(.int), "CAST(l AS INT) failed"),
        (lit(1e300).cast(.long), "CAST(1e+300 AS BIGINT) failed"),
        (lit("2024-02-30").cast(.timestamp), "CAST(2024-02-30 AS TIMESTAMP) failed"),
    ])
    func failsTheRow(_ column: Column, _ reason: String) throws {
        #expect(try Self.value(column, Self.record).1 == [reason])
    }

    /// Goal: a branch that is not taken cannot fail a row.
    @Test(arguments: [
        when(col("i") > 5, "ok").otherwise(col("s").cast(.int).cast(.string)),
        coalesce(lit("ok"), col("s").cast(.int).cast(.string)),
        when((lit(1) == 2) && (col("s").cast(.int) == 1), "no").otherwise("ok"),
        when((lit(1) == 1) || (col("s").cast(.int) == 1), "ok").otherwise("no"),
    ])
    func computesOnlyWhatIsNeeded(_ column: Column) throws {
        let (value, failures) = try Self.value(column, Self.record)
        #expect(value == "ok")
        #expect(failures.isEmpty)
    }

    /// Goal: Kafka's own columns are there, as Spark names them.
    @Test func readsTheSourceColumns() throws {
        let plan = try StreamQuery("q").read(.kafka(topic: "people"))
            .select(
                col("value").cast(.string).alias("v"), "key", "topic", "partition", "offset",
                "timestamp"
            )
            .write(.cassandra(keyspace: "k", table: "t")).analyzed()
        var pipeline = BatchPipeline(plan)
        let batch = pipeline.run(sourceRows(["a", "b"], from: 40, partition: 3))
        #expect(
            batch.shown(row: 1) == ["b", nil, "people", "3", "41", "1700000000000000"])
    }
}
