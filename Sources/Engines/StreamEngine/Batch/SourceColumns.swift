// Kafka's own columns of a batch, made only where the plan looks at them.

import StreamPlan

extension AnalyzedQuery {
    /// The columns of the source that any step, or the sink, looks at.
    package var usedSourceColumns: Set<Int> {
        var used: Set<Int> = []
        for step in steps {
            switch step {
            case .parseJSON(let column, _): used.insert(column)
            case .append(let expressions): for one in expressions { one.collect(&used) }
            case .filter(let condition): condition.collect(&used)
            case .project(let expressions):
                for one in expressions { one.collect(&used) }
                return used
            }
        }
        return Set(source.schema.fields.indices)
    }
}

extension TypedExpression {
    /// Adds the columns that this expression reads.
    func collect(_ used: inout Set<Int>) {
        switch self {
        case .column(let index, _): used.insert(index)
        case .literal: break
        case .compare(_, let left, let right), .nullSafeEqual(let left, let right),
            .and(let left, let right), .or(let left, let right),
            .arithmetic(_, let left, let right, _, _), .match(_, let left, let right):
            left.collect(&used)
            right.collect(&used)
        case .not(let inner), .isNull(let inner), .cast(let inner, _, _, _),
            .change(_, let inner), .length(let inner):
            inner.collect(&used)
        case .concat(let list), .coalesce(let list, _): for one in list { one.collect(&used) }
        case .concatWithSeparator(let separator, let list):
            separator.collect(&used)
            for one in list { one.collect(&used) }
        case .substring(let text, let position, let length):
            text.collect(&used)
            position.collect(&used)
            length.collect(&used)
        case .choose(let branches, let otherwise, _):
            for branch in branches {
                branch.condition.collect(&used)
                branch.value.collect(&used)
            }
            otherwise.collect(&used)
        }
    }
}

extension RowBatch {
    /// The columns of `StreamSource.schema`, in its order; those not used are columns of nulls
    /// without rows.
    mutating func addSourceColumns(used: Set<Int>) {
        let topic = store(source.topic.utf8)
        let rows = source.rows
        func make(_ index: Int, _ type: DataType, _ cell: (SourceRow) -> UInt64?) {
            guard used.contains(index) else {
                columns.append(ColumnVector(type: type, nullRows: 0))
                return
            }
            var cells: [UInt64] = []
            var nulls: [Bool] = []
            cells.reserveCapacity(rows.count)
            nulls.reserveCapacity(rows.count)
            for row in rows {
                let value = cell(row)
                cells.append(value ?? 0)
                nulls.append(value == nil)
            }
            columns.append(ColumnVector(type: type, cells: cells[...], nulls: nulls[...]))
        }
        make(0, .binary) { $0.key?.bits }
        make(1, .binary) { $0.value?.bits }
        make(2, .string) { _ in topic.bits }
        make(3, .int) { UInt64(bitPattern: Int64($0.partition)) }
        make(4, .long) { UInt64(bitPattern: $0.offset) }
        make(5, .timestamp) { UInt64(bitPattern: $0.timestampMilliseconds &* 1_000) }
        make(6, .int) { _ in 0 }
    }
}
