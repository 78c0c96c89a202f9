// Casts between types, as Spark 4 does them with ANSI on.

import StreamPlan

extension ExpressionEvaluator {
    mutating func cast(
        _ inner: TypedExpression, _ type: DataType, isTry: Bool, _ text: String, _ rows: [Int32],
        _ batch: inout RowBatch
    ) -> ColumnVector {
        let value = evaluate(inner, rows, in: &batch)
        let from = inner.type
        if (from == .binary || from == .string) && (type == .string || type == .binary) {
            return ColumnVector(type: type, cells: value.cells, nulls: value.nulls)
        }
        var result = ColumnVector(type: type, nullRows: batch.rowCount)
        for row in rows.map(Int.init) where !value.isNull(row) {
            let cell: UInt64?
            if type == .string {
                cell = batch.store(Self.text(value.cell(row), from).utf8).bits
            } else if from == .string {
                let place = TextCell(bits: value.cell(row))
                cell = batch.withMemory { Self.parse(TextValues.trimmed($0.bytes(place)), type) }
            } else {
                cell = Self.convert(value.cell(row), from, type)
            }
            if let cell {
                result.set(row, cell)
            } else if !isTry {
                fail(row, "\(text) failed")
            }
        }
        return result
    }

    static func text(_ cell: UInt64, _ type: DataType) -> String {
        switch type {
        case .boolean: cell == 1 ? "true" : "false"
        case .int, .long: String(Int64(bitPattern: cell))
        case .double: TextValues.text(Double(bitPattern: cell))
        case .timestamp: TimestampText.text(Int64(bitPattern: cell))
        case .string, .binary: preconditionFailure("a text is not made into a text")
        }
    }

    private static func parse(_ text: Bytes, _ type: DataType) -> UInt64? {
        switch type {
        case .boolean: TextValues.boolean(text).map { $0 ? 1 : 0 }
        case .int:
            TextValues.whole(text).flatMap { Int32(exactly: $0) }
                .map { UInt64(bitPattern: Int64($0)) }
        case .long: TextValues.whole(text).map { UInt64(bitPattern: $0) }
        case .double: TextValues.double(text)?.bitPattern
        case .timestamp: TimestampText.parse(text).map { UInt64(bitPattern: $0) }
        case .string, .binary: nil
        }
    }

    private static func convert(_ cell: UInt64, _ from: DataType, _ to: DataType) -> UInt64? {
        let number = Int64(bitPattern: cell)
        let double = Double(bitPattern: cell)
        switch to {
        case .boolean: return (from == .double ? double != 0 : number != 0) ? 1 : 0
        case .int, .long:
            var whole: Int64? = number
            if from == .double { whole = Int64(exactly: double.rounded(.towardZero)) }
            if from == .timestamp {
                whole = number >= 0 ? number / 1_000_000 : (number - 999_999) / 1_000_000
            }
            guard let whole, to == .long || Int32(exactly: whole) != nil else { return nil }
            return UInt64(bitPattern: whole)
        case .double:
            switch from {
            case .double: return cell
            case .timestamp: return (Double(number) / 1_000_000).bitPattern
            case .boolean, .int, .long, .string, .binary: return Double(number).bitPattern
            }
        case .timestamp:
            if from == .double {
                let micros = (double * 1_000_000).rounded(.towardZero)
                return Int64(exactly: micros).map { UInt64(bitPattern: $0) }
            }
            let (micros, overflowed) = number.multipliedReportingOverflow(by: 1_000_000)
            return overflowed ? nil : UInt64(bitPattern: micros)
        case .string, .binary: return nil
        }
    }
}
