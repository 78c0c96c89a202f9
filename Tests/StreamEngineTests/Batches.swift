// Batches for tests, made from texts.

import StreamEngine
import StreamPlan

/// Records of one partition with these values, as a source would hand them over.
func sourceRows(_ values: [String?], from offset: Int64 = 0, partition: Int32 = 0) -> SourceRows {
    sourceRows(bytes: values.map { $0.map { Array($0.utf8) } }, from: offset, partition: partition)
}

func sourceRows(bytes values: [[UInt8]?], from offset: Int64 = 0, partition: Int32 = 0)
    -> SourceRows
{
    var bytes: [UInt8] = []
    var rows: [SourceRow] = []
    for (index, value) in values.enumerated() {
        let cell = value.map { TextCell(start: bytes.count, length: $0.count) }
        bytes += value ?? []
        rows.append(
            SourceRow(
                partition: partition, offset: offset + Int64(index),
                timestampMilliseconds: 1_700_000_000_000, key: nil, value: cell))
    }
    return SourceRows(
        topic: "people", bytes: bytes, rows: rows,
        end: SourceOffsets(
            topic: "people", partitions: [partition: offset + Int64(values.count)]))
}

extension RowBatch {
    /// A cell as text for comparing: `nil` for null.
    func shown(_ column: Int, _ row: Int) -> String? {
        let vector = columns[column]
        guard !vector.isNull(row) else { return nil }
        let cell = vector.cell(row)
        switch vector.type {
        case .string, .binary: return text(TextCell(bits: cell))
        case .int, .long, .timestamp: return String(Int64(bitPattern: cell))
        case .double: return String(Double(bitPattern: cell))
        case .boolean: return cell == 1 ? "true" : "false"
        }
    }

    /// The columns of one row.
    func shown(row: Int) -> [String?] { columns.indices.map { shown($0, row) } }
}

let personSchema = StructType([
    StructField("id", .string, nullable: false), StructField("email", .string),
    StructField("age", .int),
])

extension StreamQuery {
    static let people = StreamQuery("people").read(.kafka(topic: "people", from: .earliest))
        .select(fromJSON("value", as: personSchema))
        .write(.cassandra(keyspace: "k", table: "t"))
}
