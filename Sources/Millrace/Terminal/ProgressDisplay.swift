// The live lines of a run: one for each stage, with a bar on a terminal, plain lines elsewhere.

import MillraceBase

/// Draws the progress of a run. A value: it is told what is, and writes lines.
struct ProgressDisplay {
    private let total: Int
    private let isInteractive: Bool
    private var linesDrawn = 0
    private var lastPlain: ContinuousClock.Instant?
    private var lastCounts: [Stage: Int] = [:]
    private let started = ContinuousClock.now

    private static let barWidth = 24
    /// Plain lines are at least this far apart.
    private static let plainPause: Duration = .seconds(1)

    init(total: Int, isInteractive: Bool) {
        self.total = total
        self.isInteractive = isInteractive
    }

    mutating func show(_ counts: [Stage: Int], isLast: Bool = false) {
        if isInteractive { draw(counts) } else { line(counts, isLast: isLast) }
        lastCounts = counts
    }

    private mutating func draw(_ counts: [Stage: Int]) {
        let up = linesDrawn > 0 ? "\u{1B}[\(linesDrawn)A" : ""
        let lines = Stage.allCases.map { stage in
            let count = counts[stage] ?? 0
            let share = total > 0 ? min(1, Double(count) / Double(total)) : 1
            let full = Int(share * Double(Self.barWidth))
            let bar =
                String(repeating: "█", count: full)
                + String(repeating: "░", count: Self.barWidth - full)
            let name = stage.rawValue.padded(to: 10)
            let number = Shown.count(count).padded(to: 9, right: true)
            return "\u{1B}[2K  \(name) \(bar) \(number)  \(rate(count))"
        }
        Terminal.write(up + lines.joined(separator: "\n") + "\n")
        linesDrawn = lines.count
    }

    private mutating func line(_ counts: [Stage: Int], isLast: Bool) {
        let now = ContinuousClock.now
        if let lastPlain, now - lastPlain < Self.plainPause, !isLast { return }
        guard counts != lastCounts || isLast || lastPlain == nil else { return }
        lastPlain = now
        let parts = Stage.allCases.map { "\($0.rawValue) \(Shown.count(counts[$0] ?? 0))" }
        Terminal.print("  " + parts.joined(separator: " → "))
    }

    private func rate(_ count: Int) -> String {
        let seconds = max(0.001, (ContinuousClock.now - started).milliseconds / 1_000)
        return "\(Shown.count(Int(Double(count) / seconds)))/s"
    }
}

extension String {
    func padded(to width: Int, right: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - count))
        return right ? blanks + self : self + blanks
    }
}
