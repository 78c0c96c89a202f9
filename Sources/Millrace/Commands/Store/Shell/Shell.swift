// A shell's state, and what it does with one statement.

import CQLClient
import CQLProtocol
import Foundation
import MillraceBase

/// Runs statements and shows what came of them.
actor Shell {
    /// Where statements come from, for the place in an error.
    struct Origin: Sendable {
        /// `nil`: typed by a person.
        var file: String?
        var line: Int
    }

    enum Outcome: Sendable { case done, failed, exit }

    nonisolated let session: CQLSession
    private let isJSON: Bool
    private let isInteractive: Bool
    private var consistency: Consistency
    private var serialConsistency: Consistency?
    private var isTracing = false
    private var isExpanded: Bool
    /// Rows after which a person is asked; `nil`: never.
    private var pause: Int?
    private var sourceDepth = 0
    private(set) var names = SchemaNames()
    private let input: TerminalInput?

    static let pauseStandard = 100
    static let sourceDepthMax = 16

    init(
        _ session: CQLSession, consistency: Consistency, isJSON: Bool, isExpanded: Bool,
        input: TerminalInput?
    ) {
        self.session = session
        self.consistency = consistency
        self.isJSON = isJSON
        self.isExpanded = isExpanded
        self.input = input
        isInteractive = input != nil
        pause = input == nil ? nil : Self.pauseStandard
    }

    var completion: ShellCompletion { ShellCompletion(names: names, keyspace: session.keyspace) }

    func readNames() async {
        // Only completion needs them.
        if let read = try? await SchemaNames.read(from: session) { names = read }
    }

    /// Runs a statement or a command of the shell.
    ///
    /// - Throws: what ends the shell: cancellation, or a store that is gone for good.
    func run(_ statement: String, _ origin: Origin) async throws -> Outcome {
        if let command = ShellCommand(statement) {
            return try await run(command, origin)
        }
        do throws(CQLError) {
            if DescribeText.isDescribe(statement), !isJSON {
                try await describe(statement)
            } else {
                try await show(statement)
            }
            return .done
        } catch {
            if case .cancelled = error { throw CancellationError() }
            complain(error, origin)
            return .failed
        }
    }

    private func describe(_ statement: String) async throws(CQLError) {
        var lines: [String] = []
        do throws(CQLError) {
            let pages = session.pages(statement, options: .idempotent)
            var iterator = pages.makeAsyncIterator()
            while let page = try await iterator.next() {
                guard let text = try DescribeText.text(page) else {
                    return try await show(statement)
                }
                lines.append(text)
            }
        } catch {
            // Before Cassandra 4 the server knows no DESCRIBE.
            guard error.serverCode == .syntaxError,
                let names = try await DescribeText.names(statement, from: session)
            else { throw error }
            lines = [names]
        }
        Terminal.print("\n" + lines.joined(separator: "\n\n") + "\n")
    }

    // MARK: Statements

    private func show(_ statement: String) async throws(CQLError) {
        var options = CQLStatementOptions()
        options.consistency = consistency
        options.serialConsistency = serialConsistency
        options.isTraced = isTracing
        options.pageSize = Int32(pause ?? 1_000)
        var shown = 0
        var page = try await session.execute(statement, options: options)
        let tracingID = page.tracingID
        if page.schemaChange != nil, isInteractive { await readNames() }
        var isFirst = true
        while true {
            warn(page.warnings)
            if !page.columns.isEmpty { try print(page, from: shown, isFirst: isFirst) }
            shown += page.count
            guard let next = page.pagingState else { break }
            if pause != nil, !page.isEmpty, !(await goesOn()) { break }
            options.pagingState = next
            isFirst = page.isEmpty && isFirst
            page = try await session.execute(statement, options: options)
        }
        if !page.columns.isEmpty, !isJSON {
            Terminal.print(isExpanded ? "(\(shown) rows)" : "\n(\(shown) rows)")
        }
        if isTracing, let tracingID { try await show(trace: tracingID) }
    }

    private func print(_ page: CQLRows, from first: Int, isFirst: Bool) throws(CQLError) {
        let table = ResultTable(
            columns: page.columns, usesColours: Terminal.isInteractive && !isJSON)
        do {
            if isJSON {
                for row in page { Terminal.print(try table.json(row).text) }
            } else if isExpanded {
                let lines = try table.expandedLines(page, from: first + 1)
                Terminal.print((isFirst ? "\n" : "") + lines.joined(separator: "\n"))
            } else {
                let lines = try table.lines(page, withHead: isFirst || pause != nil)
                if !lines.isEmpty {
                    Terminal.print((isFirst ? "\n" : "") + lines.joined(separator: "\n"))
                }
            }
        } catch let error as CQLError {
            throw error
        } catch {
            throw .value("\(error)")
        }
    }

    private func goesOn() async -> Bool {
        guard let input else { return true }
        Terminal.write("---MORE---")
        let key = try? await input.key()
        Terminal.write("\r\u{1B}[K")
        switch key {
        case .character("q"), .character("Q"), .cancel, .endOfInput, nil: return false
        default: return true
        }
    }

    private func warn(_ warnings: [String]) {
        for warning in warnings { Terminal.printError("Warning: \(warning)") }
    }

    private func show(trace id: CQLUUID) async throws(CQLError) {
        guard let trace = try await session.trace(id) else {
            Terminal.print("\nTracing session: \(id), which the server has not written yet")
            return
        }
        var table = Table(head: ["activity", "source", "elapsed µs", "thread"], numbers: [2])
        for event in trace.events {
            table.rows.append([
                event.activity, event.source, event.elapsedMicroseconds.map { "\($0)" } ?? "–",
                event.thread,
            ])
        }
        table.rows.append([
            "Request complete", trace.coordinator, "\(trace.durationMicroseconds)", "",
        ])
        Terminal.print("\nTracing session: \(id)\n\n\(table.text)")
    }

    // MARK: Errors

    /// `file:line: Class: message`, the class as Cassandra calls it.
    private func complain(_ error: CQLError, _ origin: Origin) {
        var text = error.description
        if case .server(let answer, _) = error {
            text = "\(answer.code.className): \(answer.message)"
            if isJSON {
                let json: JSONValue = [
                    "error": .string(answer.code.className), "message": .string(answer.message),
                    "code": .number(String(answer.code.rawValue)),
                    "line": JSONValue(origin.line),
                ]
                return Terminal.printError(json.text)
            }
        }
        complain(text, origin)
    }

    private func complain(_ text: String, _ origin: Origin) {
        let place =
            isInteractive && origin.file == nil
            ? "" : "\(origin.file ?? "<stdin>"):\(origin.line): "
        let line = place + text
        Terminal.printError(
            Terminal.isInteractive && isInteractive ? "\u{1B}[31m\(line)\u{1B}[0m" : line)
    }

    // MARK: The shell's own commands

    private func run(_ command: ShellCommand, _ origin: Origin) async throws -> Outcome {
        switch command {
        case .help: Terminal.print(ShellCommand.helpText)
        case .exit: return .exit
        case .clear: if Terminal.isInteractive { Terminal.write("\u{1B}[H\u{1B}[2J") }
        case .consistency(let level):
            consistency = level ?? consistency
            Terminal.print(
                level == nil
                    ? "Current consistency level is \(consistency.name)."
                    : "Consistency level set to \(consistency.name).")
        case .serialConsistency(let level):
            serialConsistency = level ?? serialConsistency
            let name = (serialConsistency ?? .serial).name
            Terminal.print(
                level == nil
                    ? "Current serial consistency level is \(name)."
                    : "Serial consistency level set to \(name).")
        case .tracing(let isOn):
            isTracing = isOn ?? isTracing
            Terminal.print("Tracing is \(isTracing ? "on" : "off").")
        case .expand(let isOn):
            isExpanded = isOn ?? isExpanded
            Terminal.print("Expanded output is \(isExpanded ? "on" : "off").")
        case .paging(let paging): page(paging)
        case .source(let path): return try await source(path, origin)
        case .show(let what, let id): return try await show(what, id, origin)
        case .copy:
            complain(
                "COPY is a command of its own: millrace store export, millrace store import", origin
            )
            return .failed
        case .wrong(let right):
            complain("not understood; try: \(right)", origin)
            return .failed
        }
        return .done
    }

    private func page(_ paging: ShellCommand.Paging?) {
        switch paging {
        case .on: pause = Self.pauseStandard
        case .off: pause = nil
        case .rows(let count): pause = min(count, 100_000)
        case nil: break
        }
        if !isInteractive { pause = nil }
        Terminal.print(pause.map { "Paging is on, \($0) rows at a time." } ?? "Paging is off.")
    }

    private func show(_ what: String, _ id: String?, _ origin: Origin) async throws -> Outcome {
        switch what {
        case "session":
            guard let uuid = id.flatMap({ CQLUUID($0) }) else {
                complain("not understood; try: SHOW SESSION id", origin)
                return .failed
            }
            do throws(CQLError) { try await show(trace: uuid) } catch {
                complain(error, origin)
                return .failed
            }
        case "host", "version": Terminal.print(await greeting())
        default: complain("SHOW REPLICAS is not served", origin)
        }
        return .done
    }

    /// `Connected to Millrace at 127.0.0.1:9042 …`
    func greeting() async -> String {
        let rows = try? await session.execute(
            "SELECT cluster_name, release_version, cql_version FROM system.local "
                + "WHERE key = 'local'",
            isIdempotent: true)
        func text(_ name: String) -> String { (try? rows?.first?[name])?.description ?? "?" }
        return "Connected to \(text("cluster_name")) at \(rows?.host ?? "?")\n"
            + "[Cassandra \(text("release_version")) | CQL \(text("cql_version"))"
            + " | native protocol v\(session.protocolVersion.rawValue)]"
    }

    private func source(_ path: String, _ origin: Origin) async throws -> Outcome {
        guard sourceDepth < Self.sourceDepthMax else {
            complain("SOURCE calls itself", origin)
            return .failed
        }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            complain("the file \(path) cannot be read", origin)
            return .failed
        }
        sourceDepth += 1
        defer { sourceDepth -= 1 }
        return try await run(text: text, file: path)
    }

    /// All statements of a text; one that fails does not stop the next.
    func run(text: String, file: String?) async throws -> Outcome {
        var splitter = StatementSplitter(isCommand: ShellCommand.isCommand)
        var outcome = Outcome.done
        var statements: [StatementSplitter.Statement] = []
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            statements += splitter.add(String(line))
        }
        if let last = splitter.finish() { statements.append(last) }
        for statement in statements {
            switch try await run(statement.text, Origin(file: file, line: statement.line)) {
            case .done: break
            case .failed: outcome = .failed
            case .exit: return outcome == .failed ? .failed : .exit
            }
        }
        return outcome
    }
}
