// A column of JSON texts into the columns of their fields: the hot loop of the engine.

package import StreamPlan

/// Reads records into columns, trying the shape of an earlier record first.
///
/// Measured with records of 12 texts and 422 bytes, -O, one core of a shared machine: 5.4 M
/// records/s (2.3 GB/s) that have the shape of the one before, 1.35 M/s (0.57 GB/s) that each hold
/// an escape.
package struct JSONColumnReader: Sendable {
    private let fields: JSONFields
    private let isStrict: Bool
    private var shape = JSONShape()

    /// - Parameter isStrict: whether records that do not fit are rejected. Otherwise they become
    ///   nulls, as in Spark.
    package init(_ schema: StructType, isStrict: Bool) {
        fields = JSONFields(schema, isStrict: isStrict)
        self.isStrict = isStrict
    }

    /// Reads the column's selected rows and adds one column for each field to the batch.
    package mutating func read(column: Int, of batch: inout RowBatch) {
        let rowCount = batch.rowCount
        let total = fields.count * rowCount
        var scratch: [UInt8] = []
        var rejected: [Rejection] = []
        var nulls: [Bool] = []
        let fields = fields
        var shape = shape
        let isStrict = isStrict
        let cells = [UInt64](unsafeUninitializedCapacity: total) { cellSpace, cellCount in
            nulls = [Bool](unsafeUninitializedCapacity: total) { nullSpace, nullCount in
                cellSpace.initialize(repeating: 0)
                nullSpace.initialize(repeating: true)
                if let cells = cellSpace.baseAddress, let nulls = nullSpace.baseAddress {
                    let output = JSONOutput(cells: cells, nulls: nulls, rowCount: rowCount)
                    var worker = JSONWorker(
                        fields: fields, isStrict: isStrict, output: output, shape: shape)
                    worker.read(batch, column: column)
                    shape = worker.shape
                    scratch = worker.scratch
                    rejected = worker.rejected
                }
                nullCount = total
            }
            cellCount = total
        }
        self.shape = shape
        batch.arena.append(contentsOf: scratch)
        for (index, type) in fields.types.enumerated() {
            let range = (index * rowCount)..<((index + 1) * rowCount)
            batch.columns.append(
                ColumnVector(type: type, cells: cells[range], nulls: nulls[range]))
        }
        batch.reject(rejected)
    }
}

/// The template, and when to learn another.
struct JSONShape: Sendable {
    var template = JSONTemplate()
    /// Records in a row that the template did not fit.
    var misses = 0
    /// A topic of mixed shapes must not make a template of each record.
    static let missesBeforeLearning = 8
}

/// One pass over one column.
private struct JSONWorker {
    let fields: JSONFields
    let isStrict: Bool
    let output: JSONOutput
    var shape: JSONShape
    var scratch: [UInt8] = []
    var rejected: [Rejection] = []
    private var seen: [Bool]
    private var wrongType: [Bool]

    init(fields: JSONFields, isStrict: Bool, output: JSONOutput, shape: JSONShape) {
        self.fields = fields
        self.isStrict = isStrict
        self.output = output
        self.shape = shape
        seen = Array(repeating: false, count: fields.count)
        wrongType = seen
    }

    mutating func read(_ batch: RowBatch, column: Int) {
        let vector = batch.columns[column]
        let kinds = JSONFieldTypes(fields)
        let required = fields.required.indices.filter { fields.required[$0] }
        let (recordCount, arenaCount) = (batch.source.bytes.count, batch.arena.count)
        batch.withMemory { memory in
            let records = JSONMemory(
                base: memory.records, readable: memory.records + recordCount, isArena: false)
            let arena = JSONMemory(
                base: memory.arena, readable: memory.arena + arenaCount, isArena: true)
            for selected in batch.selection {
                let row = Int(selected)
                guard !vector.isNull(row) else {
                    if isStrict { reject(row, "the value is null") }
                    continue
                }
                let cell = TextCell(bits: vector.cell(row))
                let place = cell.isInArena ? arena : records
                let start = place.base + cell.start
                let end = start + cell.length
                if shape.template.read(
                    start, end, in: place, row: row, fields: kinds, to: output),
                    required.allSatisfy({ !output.isNull($0, row) })
                {
                    shape.misses = 0
                } else {
                    readAny(start, end, in: place, row: row, arenaCount: arenaCount)
                }
            }
        }
    }

    private mutating func reject(_ row: Int, _ reason: String) {
        rejected.append(Rejection(row: row, reason: reason))
    }

    private mutating func readAny(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, in memory: JSONMemory,
        row: Int, arenaCount: Int
    ) {
        for field in 0..<fields.count { output.setNull(field, row) }
        shape.misses += 1
        let learns =
            shape.template.isEmpty || shape.misses >= JSONShape.missesBeforeLearning
        var reader = JSONRecordReader(start, end, in: memory, scratch: scratch)
        scratch = []
        defer { scratch = reader.scratch }
        do throws(JSONSurprise) {
            let template = try members(&reader, row: row, arenaCount: arenaCount, learns: learns)
            if let template {
                shape.template = template
                shape.misses = 0
            }
        } catch {
            for field in 0..<fields.count { output.setNull(field, row) }
            if isStrict { reject(row, error.reason) }
            return
        }
        for field in 0..<fields.count where fields.required[field] && output.isNull(field, row) {
            let name = fields.names[field]
            reject(
                row,
                wrongType[field] ? "\(name) is no \(fields.types[field])" : "\(name) is missing")
            return
        }
    }

    /// - Returns: a template of this record if one was to be learnt and can be.
    private mutating func members(
        _ reader: inout JSONRecordReader, row: Int, arenaCount: Int, learns: Bool
    ) throws(JSONSurprise) -> JSONTemplate? {
        for field in 0..<fields.count {
            seen[field] = false
            wrongType[field] = false
        }
        var template = JSONTemplate()
        var canLearn = learns
        var pieceStart = reader.at
        var hint = 0
        var isFirst = true
        try reader.begin()
        while let field = try reader.nextName(
            isFirst: isFirst, { name, length in fields.index(name, length, hint: hint) })
        {
            isFirst = false
            if canLearn { template.add(pieceStart, reader.at, field: field) }
            let mark = reader.scratch.count
            let value = try reader.value()
            pieceStart = reader.at
            guard field >= 0 else {
                reader.scratch.removeSubrange(mark...)
                if case .string = value {} else { canLearn = false }
                continue
            }
            hint = field + 1
            if seen[field] { canLearn = false }
            seen[field] = true
            let cell = reader.cell(of: value, as: fields.types[field], arenaCount: arenaCount)
            wrongType[field] = false
            if let cell {
                output.set(field, row, cell)
            } else {
                output.setNull(field, row)
                if case .null = value {} else { wrongType[field] = true }
            }
        }
        guard canLearn, reader.isPlain, !isFirst else { return nil }
        template.add(pieceStart, reader.at, field: -2)
        return template
    }
}

extension JSONSurprise {
    var reason: String {
        switch self {
        case .malformed: "the value is not JSON"
        case .notAnObject: "the value is no JSON object"
        case .notUTF8: "the value is not UTF-8"
        case .tooDeep: "the value nests deeper than \(StreamLimits.jsonDepthMax) levels"
        }
    }
}
