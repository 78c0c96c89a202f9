// Comparisons, by the order of each type.

import StreamPlan

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension ExpressionEvaluator {
    mutating func compare(
        _ comparison: Comparison, _ left: TypedExpression, _ right: TypedExpression,
        _ rows: [Int32], _ batch: inout RowBatch
    ) -> ColumnVector {
        let first = evaluate(left, rows, in: &batch)
        let second = evaluate(right, rows, in: &batch)
        return batch.withMemory { memory in
            map(rows, .boolean, batch.rowCount) { row in
                guard !first.isNull(row), !second.isNull(row) else { return nil }
                let order = CellOrder.order(
                    first.cell(row), second.cell(row), left.type, memory)
                let isTrue =
                    switch comparison {
                    case .equal: order == 0
                    case .notEqual: order != 0
                    case .less: order < 0
                    case .lessOrEqual: order <= 0
                    case .greater: order > 0
                    case .greaterOrEqual: order >= 0
                    }
                return isTrue ? 1 : 0
            }
        }
    }

    mutating func nullSafeEqual(
        _ left: TypedExpression, _ right: TypedExpression, _ rows: [Int32],
        _ batch: inout RowBatch
    ) -> ColumnVector {
        let first = evaluate(left, rows, in: &batch)
        let second = evaluate(right, rows, in: &batch)
        return batch.withMemory { memory in
            map(rows, .boolean, batch.rowCount) { row in
                if first.isNull(row) || second.isNull(row) {
                    return first.isNull(row) == second.isNull(row) ? 1 : 0
                }
                let order = CellOrder.order(
                    first.cell(row), second.cell(row), left.type, memory)
                return order == 0 ? 1 : 0
            }
        }
    }
}

/// The order of two values of one type.
enum CellOrder {
    /// - Returns: below, at or above 0. Texts by their bytes; NaN equals NaN and is the largest
    ///   double; 0.0 equals -0.0; false is below true.
    static func order(_ left: UInt64, _ right: UInt64, _ type: DataType, _ memory: BatchMemory)
        -> Int
    {
        switch type {
        case .string, .binary:
            let (a, b) = (TextCell(bits: left), TextCell(bits: right))
            let shared = min(a.length, b.length)
            let order = shared == 0 ? 0 : memcmp(memory.pointer(a), memory.pointer(b), shared)
            return order == 0 ? a.length - b.length : Int(order)
        case .boolean, .int, .long, .timestamp:
            let (a, b) = (Int64(bitPattern: left), Int64(bitPattern: right))
            return a < b ? -1 : a == b ? 0 : 1
        case .double:
            let (a, b) = (Double(bitPattern: left), Double(bitPattern: right))
            if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? 0 : a.isNaN ? 1 : -1 }
            return a < b ? -1 : a == b ? 0 : 1
        }
    }
}
