// Columns of text, as wide as their widest cell.

/// A table for a terminal: a head, rows, numbers to the right.
struct Table {
    var head: [String]
    var rows: [[String]] = []
    /// Columns whose cells stand to the right.
    var numbers: Set<Int> = []

    var text: String {
        var widths = head.map(\.count)
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], cell.count)
            }
        }
        let rule = widths.map { String(repeating: "─", count: $0) }
        return ([head, rule] + rows).map { row in
            row.enumerated().map { index, cell in
                let blanks = String(repeating: " ", count: max(0, widths[index] - cell.count))
                return numbers.contains(index) ? blanks + cell : cell + blanks
            }.joined(separator: "  ").trimmedRight
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmedRight: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

/// Numbers and times as people read them.
enum Shown {
    /// `12,345`.
    static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        groups.insert(digits, at: 0)
        return (value < 0 ? "-" : "") + groups.joined(separator: ",")
    }

    /// `0.8 ms`, `42 ms`, `3.1 s`.
    static func time(_ value: Duration?) -> String {
        guard let value else { return "–" }
        let milliseconds = value.milliseconds
        if milliseconds < 10 { return "\(oneDigit(milliseconds)) ms" }
        if milliseconds < 1_000 { return "\(Int(milliseconds.rounded())) ms" }
        return "\(oneDigit(milliseconds / 1_000)) s"
    }

    private static func oneDigit(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
