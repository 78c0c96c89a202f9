// The shell's conversation: a prompt, a line, an answer.

import CQLClient
import Foundation
import MillraceBase
import UnixSignals

/// Reads lines of a person or of a pipe and hands them to the shell.
struct ShellLoop {
    private let shell: Shell
    private let input: TerminalInput

    init(_ shell: Shell, _ input: TerminalInput) {
        self.shell = shell
        self.input = input
    }

    /// Until Ctrl-D or EXIT. A failed statement is no failure of a conversation.
    func run() async throws -> Shell.Outcome {
        Terminal.print(await shell.greeting())
        Terminal.print("Tab completes, HELP helps, Ctrl-D ends.")
        await shell.readNames()
        var history = ShellHistory(path: ShellHistory.standardPath)
        defer { history.save() }
        var splitter = StatementSplitter(isCommand: ShellCommand.isCommand)
        while true {
            let completion = await shell.completion
            let editor = LineEditor(history: history.lines) { completion.words(before: $0) }
            let line: String?
            do {
                line = try await input.line(prompt: prompt(splitter), editor: editor)
            } catch is TerminalInput.Interrupted {
                splitter.cancel()
                continue
            }
            guard let line else { return .done }
            // The history is of lines, so that what was typed comes back as it was.
            history.add(line)
            for statement in splitter.add(line) {
                let origin = Shell.Origin(file: nil, line: statement.line)
                if case .exit = try await interruptible(statement.text, origin) { return .done }
            }
        }
    }

    /// Ctrl-C ends the statement and not the shell.
    private func interruptible(
        _ statement: String, _ origin: Shell.Origin
    ) async throws -> Shell.Outcome {
        try await withThrowingTaskGroup(of: Shell.Outcome?.self) { [shell] group in
            group.addTask { try await shell.run(statement, origin) }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint) { return nil }
                return .done
            }
            defer { group.cancelAll() }
            do {
                guard let first = try await group.next(), let outcome = first else {
                    Terminal.printError("interrupted")
                    return .failed
                }
                return outcome
            } catch is CancellationError where !Task.isCancelled {
                return .failed
            }
        }
    }

    private func prompt(_ splitter: StatementSplitter) -> String {
        if splitter.isInside { return "   ... " }
        return shell.session.keyspace.map { "cql:\($0)> " } ?? "cql> "
    }

    /// Statements of standard input, each run as soon as it is whole.
    static func piped(_ shell: Shell) async throws -> Shell.Outcome {
        let thread = SerialThread("cql.input")
        let lines = PipedLines()
        var splitter = StatementSplitter(isCommand: ShellCommand.isCommand)
        var outcome = Shell.Outcome.done
        var isOver = false
        while !isOver {
            var statements: [StatementSplitter.Statement] = []
            if let line = try await thread.run({ try lines.next() }) {
                statements = splitter.add(line)
            } else {
                isOver = true
                if let last = splitter.finish() { statements = [last] }
            }
            for statement in statements {
                let origin = Shell.Origin(file: nil, line: statement.line)
                switch try await shell.run(statement.text, origin) {
                case .done: break
                case .failed: outcome = .failed
                case .exit: return outcome
                }
            }
        }
        return outcome
    }
}

/// Standard input by lines, read on a thread that may block.
final class PipedLines: @unchecked Sendable {
    // Only one call at a time comes, each on the one thread of a `SerialThread`.
    private let source = try? LineSource(path: nil)

    func next() throws -> String? { try source?.next() }
}
