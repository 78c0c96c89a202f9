// Computes the expressions of a plan over the rows of a batch, a column at a time.

import StreamPlan

/// Computes columns. Null follows SQL's three-valued logic, casts and arithmetic are ANSI as in
/// Spark 4: a row for which one fails is noted in `failures` and has null there.
///
/// An expression is only computed for the rows that need it: the branches of a CASE, the later
/// values of a COALESCE and the right side of AND and OR cannot fail a row that does not get there.
struct ExpressionEvaluator {
    /// Why each failed row failed; the first reason counts.
    var failures: [Int32: String] = [:]

    mutating func evaluate(
        _ expression: TypedExpression, _ rows: [Int32], in batch: inout RowBatch
    ) -> ColumnVector {
        switch expression {
        case .column(let index, _): return batch.columns[index]
        case .literal(let literal, let type):
            return constant(literal, type, rows.isEmpty ? 0 : batch.rowCount, in: &batch)
        case .compare(let comparison, let left, let right):
            return compare(comparison, left, right, rows, &batch)
        case .nullSafeEqual(let left, let right): return nullSafeEqual(left, right, rows, &batch)
        case .and(let left, let right):
            return logic(left, right, decisive: 0, rows, &batch)
        case .or(let left, let right):
            return logic(left, right, decisive: 1, rows, &batch)
        case .not(let inner):
            let value = evaluate(inner, rows, in: &batch)
            return map(rows, .boolean, batch.rowCount) {
                value.isNull($0) ? nil : value.cell($0) ^ 1
            }
        case .isNull(let inner):
            let value = evaluate(inner, rows, in: &batch)
            return map(rows, .boolean, batch.rowCount) { value.isNull($0) ? 1 : 0 }
        case .arithmetic(let operation, let left, let right, let type, let text):
            return arithmetic(operation, left, right, type, text, rows, &batch)
        case .cast(let inner, let type, let isTry, let text):
            return cast(inner, type, isTry: isTry, text, rows, &batch)
        case .coalesce(let list, let type): return coalesce(list, type, rows, &batch)
        case .choose(let branches, let otherwise, let type):
            return choose(branches, otherwise, type, rows, &batch)
        case .concat, .concatWithSeparator, .change, .length, .substring, .match:
            return text(expression, rows, &batch)
        }
    }

    mutating func fail(_ row: Int, _ reason: String) {
        if failures[Int32(row)] == nil { failures[Int32(row)] = reason }
    }

    /// A column with a cell for each of the rows, and null elsewhere.
    func map(_ rows: [Int32], _ type: DataType, _ rowCount: Int, _ cell: (Int) -> UInt64?)
        -> ColumnVector
    {
        var column = ColumnVector(type: type, nullRows: rowCount)
        for row in rows { if let value = cell(Int(row)) { column.set(Int(row), value) } }
        return column
    }

    private func constant(
        _ literal: Literal, _ type: DataType, _ rowCount: Int, in batch: inout RowBatch
    ) -> ColumnVector {
        let cell: UInt64
        switch literal {
        case .null: return ColumnVector(type: type, nullRows: rowCount)
        case .string(let text): cell = batch.store(text.utf8).bits
        case .boolean(let value): cell = value ? 1 : 0
        case .int(let value): cell = UInt64(bitPattern: Int64(value))
        case .long(let value), .timestamp(let value): cell = UInt64(bitPattern: value)
        case .double(let value): cell = value.bitPattern
        }
        return ColumnVector(
            type: type, cells: Array(repeating: cell, count: rowCount)[...],
            nulls: Array(repeating: false, count: rowCount)[...])
    }

    /// AND (decided by false) and OR (decided by true).
    private mutating func logic(
        _ left: TypedExpression, _ right: TypedExpression, decisive: UInt64, _ rows: [Int32],
        _ batch: inout RowBatch
    ) -> ColumnVector {
        let first = evaluate(left, rows, in: &batch)
        let open = rows.filter { first.isNull(Int($0)) || first.cell(Int($0)) != decisive }
        var result = map(rows, .boolean, batch.rowCount) { _ in decisive }
        guard !open.isEmpty else { return result }
        let second = evaluate(right, open, in: &batch)
        for row in open.map(Int.init) {
            if !second.isNull(row), second.cell(row) == decisive { continue }
            if first.isNull(row) || second.isNull(row) {
                result.setNull(row)
            } else {
                result.set(row, decisive ^ 1)
            }
        }
        return result
    }

    private mutating func coalesce(
        _ list: [TypedExpression], _ type: DataType, _ rows: [Int32], _ batch: inout RowBatch
    ) -> ColumnVector {
        var result = ColumnVector(type: type, nullRows: batch.rowCount)
        var open = rows
        for expression in list where !open.isEmpty {
            let value = evaluate(expression, open, in: &batch)
            open.removeAll { row in
                guard !value.isNull(Int(row)) else { return false }
                result.set(Int(row), value.cell(Int(row)))
                return true
            }
        }
        return result
    }

    private mutating func choose(
        _ branches: [TypedBranch], _ otherwise: TypedExpression, _ type: DataType,
        _ rows: [Int32], _ batch: inout RowBatch
    ) -> ColumnVector {
        var result = ColumnVector(type: type, nullRows: batch.rowCount)
        var open = rows
        func take(_ value: ColumnVector, _ chosen: [Int32]) {
            for row in chosen.map(Int.init) where !value.isNull(row) {
                result.set(row, value.cell(row))
            }
        }
        for branch in branches where !open.isEmpty {
            let condition = evaluate(branch.condition, open, in: &batch)
            let isTrue = { (row: Int32) in
                !condition.isNull(Int(row)) && condition.cell(Int(row)) == 1
            }
            let chosen = open.filter(isTrue)
            open.removeAll(where: isTrue)
            if !chosen.isEmpty { take(evaluate(branch.value, chosen, in: &batch), chosen) }
        }
        if !open.isEmpty { take(evaluate(otherwise, open, in: &batch), open) }
        return result
    }
}
