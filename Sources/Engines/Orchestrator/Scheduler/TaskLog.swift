// The lines that a running try writes, until they are stored.

import MillraceBase
import Synchronization

/// Bounded: lines over the limit are counted and mentioned once, at the end.
final class TaskLog: Sendable {
    private struct State {
        var waiting: [TaskLogLine] = []
        var linesCount = 0
        var bytesCount = 0
        var droppedCount = 0
    }

    private let state = Mutex(State())
    private let clock: WallClock
    private let firstWaits: @Sendable () -> Void

    /// - Parameter firstWaits: called when a line waits and none did before.
    init(clock: WallClock, firstWaits: @escaping @Sendable () -> Void) {
        self.clock = clock
        self.firstWaits = firstWaits
    }

    func add(_ text: String, level: TaskLogLine.Level = .info) {
        let line = TaskLogLine(at: clock.milliseconds(), level: level, text: Self.cut(text))
        let isFirst = state.withLock { state in
            guard state.linesCount < OrchestratorLimits.logLinesMax,
                state.bytesCount + line.text.utf8.count <= OrchestratorLimits.logBytesMax
            else {
                state.droppedCount += 1
                return false
            }
            state.linesCount += 1
            state.bytesCount += line.text.utf8.count
            state.waiting.append(line)
            return state.waiting.count == 1
        }
        if isFirst { firstWaits() }
    }

    /// Takes the lines that wait. At the end with a last one that counts what was left out.
    func take(atEnd: Bool = false) -> [TaskLogLine] {
        let now = clock.milliseconds()
        return state.withLock { state in
            var lines = state.waiting
            state.waiting = []
            if atEnd, state.droppedCount > 0 {
                let text =
                    "\(state.droppedCount) more lines were left out: a log holds "
                    + "\(OrchestratorLimits.logLinesMax) lines and \(OrchestratorLimits.logBytesMax) bytes"
                lines.append(TaskLogLine(at: now, level: .warning, text: text))
                state.droppedCount = 0
            }
            return lines
        }
    }

    /// Takes lines back that could not be stored.
    func putBack(_ lines: [TaskLogLine]) {
        state.withLock { $0.waiting = lines + $0.waiting }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > OrchestratorLimits.logLineBytesMax else { return text }
        return String(decoding: text.utf8.prefix(OrchestratorLimits.logLineBytesMax), as: UTF8.self)
            + "…"
    }
}
