// Functions over texts.

import StreamPlan

extension ExpressionEvaluator {
    mutating func text(
        _ expression: TypedExpression, _ rows: [Int32], _ batch: inout RowBatch
    ) -> ColumnVector {
        switch expression {
        case .concat(let list):
            return join(list.map { evaluate($0, rows, in: &batch) }, rows, &batch)
        case .concatWithSeparator(let separator, let list):
            let between = evaluate(separator, rows, in: &batch)
            return join(
                list.map { evaluate($0, rows, in: &batch) }, separator: between, rows, &batch)
        case .change(let change, let inner):
            return make(evaluate(inner, rows, in: &batch), rows, &batch) { text in
                switch change {
                case .lower: Array(String(decoding: text, as: UTF8.self).lowercased().utf8)
                case .upper: Array(String(decoding: text, as: UTF8.self).uppercased().utf8)
                case .trim: Self.trimmed(text)
                }
            }
        case .length(let inner):
            let value = evaluate(inner, rows, in: &batch)
            let isText = inner.type == .string
            return batch.withMemory { memory in
                map(rows, .int, batch.rowCount) { row in
                    guard !value.isNull(row) else { return nil }
                    let bytes = memory.bytes(TextCell(bits: value.cell(row)))
                    return UInt64(
                        isText ? bytes.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) } : bytes.count)
                }
            }
        case .substring(let inner, let position, let length):
            return substring(
                evaluate(inner, rows, in: &batch), evaluate(position, rows, in: &batch),
                evaluate(length, rows, in: &batch), rows, &batch)
        case .match(let match, let left, let right):
            let text = evaluate(left, rows, in: &batch)
            let part = evaluate(right, rows, in: &batch)
            return batch.withMemory { memory in
                map(rows, .boolean, batch.rowCount) { row in
                    guard !text.isNull(row), !part.isNull(row) else { return nil }
                    let isTrue = Self.matches(
                        match, memory.bytes(TextCell(bits: text.cell(row))),
                        memory.bytes(TextCell(bits: part.cell(row))))
                    return isTrue ? 1 : 0
                }
            }
        case .column, .literal, .compare, .nullSafeEqual, .and, .or, .not, .isNull, .arithmetic,
            .cast, .coalesce, .choose:
            preconditionFailure("only functions of texts come here")
        }
    }

    private func make(
        _ value: ColumnVector, _ rows: [Int32], _ batch: inout RowBatch,
        _ body: (ArraySlice<UInt8>) -> [UInt8]
    ) -> ColumnVector {
        var result = ColumnVector(type: .string, nullRows: batch.rowCount)
        for row in rows.map(Int.init) where !value.isNull(row) {
            let made = body(batch.bytes(TextCell(bits: value.cell(row))))
            result.set(row, batch.store(made).bits)
        }
        return result
    }

    /// Without a separator any null makes the whole null; with one, nulls are left out.
    private func join(
        _ values: [ColumnVector], separator: ColumnVector? = nil, _ rows: [Int32],
        _ batch: inout RowBatch
    ) -> ColumnVector {
        var result = ColumnVector(type: .string, nullRows: batch.rowCount)
        for row in rows.map(Int.init) {
            if let separator {
                guard !separator.isNull(row) else { continue }
            } else if values.contains(where: { $0.isNull(row) }) {
                continue
            }
            var joined: [UInt8] = []
            var isFirst = true
            for value in values where !value.isNull(row) {
                if let separator, !isFirst {
                    joined += batch.bytes(TextCell(bits: separator.cell(row)))
                }
                joined += batch.bytes(TextCell(bits: value.cell(row)))
                isFirst = false
            }
            result.set(row, batch.store(joined).bits)
        }
        return result
    }

    /// Positions count code points from 1, from the end when negative; 0 is taken for 1.
    private func substring(
        _ text: ColumnVector, _ position: ColumnVector, _ length: ColumnVector, _ rows: [Int32],
        _ batch: inout RowBatch
    ) -> ColumnVector {
        var result = ColumnVector(type: .string, nullRows: batch.rowCount)
        for row in rows.map(Int.init)
        where !text.isNull(row) && !position.isNull(row) && !length.isNull(row) {
            let scalars = Array(batch.text(TextCell(bits: text.cell(row))).unicodeScalars)
            let first = Int(Int64(bitPattern: position.cell(row)))
            let start = first > 0 ? first - 1 : first < 0 ? scalars.count + first : 0
            let end = start + max(0, Int(Int64(bitPattern: length.cell(row))))
            let range = max(0, min(start, scalars.count))..<max(0, min(end, scalars.count))
            var part = String.UnicodeScalarView()
            if range.lowerBound < range.upperBound { part.append(contentsOf: scalars[range]) }
            result.set(row, batch.store(String(part).utf8).bits)
        }
        return result
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var rest = text
        while rest.first == 0x20 { rest.removeFirst() }
        while rest.last == 0x20 { rest.removeLast() }
        return Array(rest)
    }

    private static func matches(_ match: TextMatch, _ text: Bytes, _ part: Bytes) -> Bool {
        switch match {
        case .startsWith: return text.count >= part.count && text.starts(with: part)
        case .endsWith:
            return text.count >= part.count && text.suffix(part.count).elementsEqual(part)
        case .contains:
            guard part.count <= text.count else { return false }
            guard let first = part.first else { return true }
            return (0...(text.count - part.count)).contains { at in
                text[at] == first && text[at..<(at + part.count)].elementsEqual(part)
            }
        case .like:
            return LikePattern.matches(
                Array(String(decoding: text, as: UTF8.self).unicodeScalars),
                Array(String(decoding: part, as: UTF8.self).unicodeScalars))
        }
    }
}

/// SQL's LIKE over code points.
enum LikePattern {
    /// Greedy with one mark to go back to, so the time is at most text × pattern.
    static func matches(_ text: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
        var (at, place) = (0, 0)
        var mark: (text: Int, pattern: Int)?
        while at < text.count {
            if place < pattern.count, pattern[place] == "%" {
                mark = (at, place + 1)
                place += 1
                continue
            }
            if place < pattern.count {
                let isEscape = pattern[place] == "\\" && place + 1 < pattern.count
                let wanted = isEscape ? pattern[place + 1] : pattern[place]
                if text[at] == wanted || (pattern[place] == "_") {
                    at += 1
                    place += isEscape ? 2 : 1
                    continue
                }
            }
            guard let back = mark else { return false }
            mark = (back.text + 1, back.pattern)
            (at, place) = (back.text + 1, back.pattern)
        }
        return pattern[place...].allSatisfy { $0 == "%" }
    }
}
