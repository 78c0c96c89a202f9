// The rows of a result for a person's eyes, in the manner of cqlsh.

import CQLClient
import CQLProtocol
import MillraceBase

/// How rows are shown.
struct ResultTable {
    var columns: [CQLColumn]
    var usesColours: Bool

    /// Head, rule, one line a row; values to the right, as cqlsh has them.
    func lines(_ rows: some Sequence<CQLRow>, withHead: Bool = true) throws -> [String] {
        let cells = try rows.map(cells)
        var widths = columns.map { $0.name.shownWidth }
        for row in cells {
            for (index, cell) in row.enumerated() {
                widths[index] = max(widths[index], cell.text.shownWidth)
            }
        }
        var lines: [String] = []
        if withHead {
            lines.append(
                " "
                    + columns.indices.map { index in
                        columns[index].name
                            .padded(
                                toShown: index == columns.count - 1 ? 0 : widths[index],
                                right: false
                            )
                            .coloured(.head, usesColours)
                    }.joined(separator: " | "))
            lines.append(
                widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+"))
        }
        for row in cells {
            lines.append(
                " "
                    + row.enumerated().map { index, cell in
                        cell.text.padded(toShown: widths[index], right: true)
                            .coloured(cell.colour, usesColours)
                    }.joined(separator: " | "))
        }
        return lines
    }

    /// One line a column, a block a row.
    func expandedLines(_ rows: some Sequence<CQLRow>, from first: Int) throws -> [String] {
        let names = columns.map { $0.name.shownWidth }.max() ?? 0
        var lines: [String] = []
        for (offset, row) in rows.enumerated() {
            let cells = try cells(row)
            let width = cells.map { $0.text.shownWidth }.max() ?? 0
            lines.append("@ Row \(first + offset)")
            lines.append(
                String(repeating: "-", count: names + 2) + "+"
                    + String(repeating: "-", count: width + 2))
            for (column, cell) in zip(columns, cells) {
                lines.append(
                    " "
                        + column.name.padded(toShown: names, right: false).coloured(
                            .head, usesColours)
                        + " | " + cell.text.coloured(cell.colour, usesColours))
            }
            lines.append("")
        }
        return lines
    }

    /// A row as a JSON object, values as in Cassandra's SELECT JSON.
    func json(_ row: CQLRow) throws -> JSONValue {
        var members: [(name: String, value: JSONValue)] = []
        for (index, column) in columns.enumerated() {
            members.append((column.name, CQLValueJSON.json(try row[index], as: column.type)))
        }
        return .object(JSONObject(members))
    }

    private func cells(_ row: CQLRow) throws -> [(text: String, colour: Colour)] {
        try columns.enumerated().map { index, column in
            let value = try row[index]
            if value.isNull { return ("null", .null) }
            let text = CQLValueText.text(value, as: column.type)
            // Line ends would tear the table.
            return (text.escapingControls, Colour(column.type))
        }
    }

    enum Colour {
        case head, null, number, text, other

        init(_ type: CQLType) {
            switch type.withoutOuterFrozen {
            case .text, .ascii: self = .text
            case .bigint, .counter, .int, .smallint, .tinyint, .varint, .decimal, .double, .float,
                .timestamp, .date, .time, .duration, .uuid, .timeuuid, .boolean:
                self = .number
            case .blob, .inet, .list, .set, .map, .tuple, .udt, .vector, .frozen, .custom:
                self = .other
            }
        }

        var code: String {
            switch self {
            case .head: "1;35"
            case .null: "1;31"
            case .number: "32"
            case .text: "33"
            case .other: "34"
            }
        }
    }
}

extension String {
    fileprivate func coloured(_ colour: ResultTable.Colour, _ isOn: Bool) -> String {
        isOn ? "\u{1B}[\(colour.code)m\(self)\u{1B}[0m" : self
    }

    /// Columns on a terminal: wide characters of East Asia and pictures take two, marks none.
    var shownWidth: Int { reduce(0) { $0 + $1.shownWidth } }

    func padded(toShown width: Int, right: Bool) -> String {
        let blanks = String(repeating: " ", count: Swift.max(0, width - shownWidth))
        return right ? blanks + self : self + blanks
    }

    fileprivate var escapingControls: String {
        guard unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            return self
        }
        var out = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let digits = String(scalar.value, radix: 16)
                    out += "\\x" + (digits.count == 1 ? "0" : "") + digits
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out
    }
}

extension Character {
    var shownWidth: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0x300...0x36F, 0x200B...0x200F: return 0
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F9FF,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
