// How far an export or import is, on standard error.

import MillraceBase
import Synchronization

/// Counts rows and draws one line over itself on a terminal; elsewhere it says nothing until the end.
final class TransferProgress: Sendable {
    private struct State {
        var rows = 0
        var bytes = 0
        /// 0 to 1; `nil` when the end is not known.
        var share: Double?
        var drawn: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let started = ContinuousClock.now
    private let isShown: Bool

    init(isShown: Bool) { self.isShown = isShown }

    var rows: Int { state.withLock { $0.rows } }
    var bytes: Int { state.withLock { $0.bytes } }

    func add(rows: Int, bytes: Int = 0, share: Double? = nil) {
        let line = state.withLock { state -> String? in
            state.rows += rows
            state.bytes += bytes
            if let share { state.share = max(share, state.share ?? 0) }
            let now = ContinuousClock.now
            if let drawn = state.drawn, now - drawn < TransferLimits.progressPause { return nil }
            guard isShown else { return nil }
            state.drawn = now
            return text(state)
        }
        if let line { Terminal.writeError("\r\u{1B}[2K" + line) }
    }

    func finish(_ what: String) {
        let line = state.withLock { text($0) }
        Terminal.printError((isShown ? "\r\u{1B}[2K" : "") + what + ": " + line)
    }

    private func text(_ state: State) -> String {
        let seconds = max(0.001, (ContinuousClock.now - started).milliseconds / 1_000)
        var parts: [String] = []
        if let share = state.share, isShown {
            let full = Int(min(1, share) * 24)
            parts.append(
                String(repeating: "█", count: full) + String(repeating: "░", count: 24 - full))
        }
        parts.append("\(Shown.count(state.rows)) rows")
        parts.append("\(Shown.bytes(state.bytes))")
        parts.append("\(Shown.count(Int(Double(state.rows) / seconds))) rows/s")
        return parts.joined(separator: "  ")
    }
}

extension Shown {
    /// `812 B`, `3.4 MB`; powers of 1,000.
    static func bytes(_ count: Int) -> String {
        var value = Double(count)
        for unit in ["B", "kB", "MB", "GB"] {
            if value < 1_000 {
                return unit == "B" ? "\(count) B" : "\((value * 10).rounded() / 10) \(unit)"
            }
            value /= 1_000
        }
        return "\((value * 10).rounded() / 10) TB"
    }
}
