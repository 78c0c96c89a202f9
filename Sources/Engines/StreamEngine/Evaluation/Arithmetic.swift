// Arithmetic, ANSI: an overflow or a division by zero fails its row.

import StreamPlan

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension ExpressionEvaluator {
    mutating func arithmetic(
        _ operation: Arithmetic, _ left: TypedExpression, _ right: TypedExpression,
        _ type: DataType, _ text: String, _ rows: [Int32], _ batch: inout RowBatch
    ) -> ColumnVector {
        let first = evaluate(left, rows, in: &batch)
        let second = evaluate(right, rows, in: &batch)
        var result = ColumnVector(type: type, nullRows: batch.rowCount)
        for row in rows.map(Int.init) where !first.isNull(row) && !second.isNull(row) {
            let cell: UInt64?
            if type == .double {
                cell = Self.compute(
                    operation, Double(bitPattern: first.cell(row)),
                    Double(bitPattern: second.cell(row)))
            } else {
                cell = Self.compute(
                    operation, Int64(bitPattern: first.cell(row)),
                    Int64(bitPattern: second.cell(row)), isInt: type == .int)
            }
            if let cell {
                result.set(row, cell)
            } else {
                let byZero = (operation == .divide || operation == .remainder)
                fail(row, byZero ? "\(text) divides by zero" : "\(text) overflows \(type)")
            }
        }
        return result
    }

    private static func compute(_ operation: Arithmetic, _ a: Double, _ b: Double) -> UInt64? {
        switch operation {
        case .add: (a + b).bitPattern
        case .subtract: (a - b).bitPattern
        case .multiply: (a * b).bitPattern
        case .divide: b == 0 ? nil : (a / b).bitPattern
        case .remainder: b == 0 ? nil : fmod(a, b).bitPattern
        }
    }

    private static func compute(_ operation: Arithmetic, _ a: Int64, _ b: Int64, isInt: Bool)
        -> UInt64?
    {
        let (value, overflowed): (Int64, Bool)
        switch operation {
        case .add: (value, overflowed) = a.addingReportingOverflow(b)
        case .subtract: (value, overflowed) = a.subtractingReportingOverflow(b)
        case .multiply: (value, overflowed) = a.multipliedReportingOverflow(by: b)
        case .divide: (value, overflowed) = a.dividedReportingOverflow(by: b)
        case .remainder:
            guard b != 0 else { return nil }
            // The smallest number by -1 leaves nothing, whatever the processor says.
            (value, overflowed) = b == -1 ? (0, false) : (a % b, false)
        }
        guard !overflowed, !isInt || Int32(exactly: value) != nil else { return nil }
        return UInt64(bitPattern: value)
    }
}
