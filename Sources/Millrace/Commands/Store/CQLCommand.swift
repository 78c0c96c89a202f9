// `millrace cql`: CQL on the embedded store or on a real Cassandra, typed, piped or from a file.

import ArgumentParser
import CQLClient
import CQLProtocol
import Foundation
import MillraceBase

struct CQLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cql", abstract: "A shell for CQL, on the store or on a real Cassandra.",
        discussion: #"""
            Without -e and -f, statements are typed, with history and completion, or
            read from standard input. HELP lists the shell's own commands. The exit
            code is 0; 2 when a statement failed; 1 when the store could not be used.

            Examples:
              millrace cql
              millrace cql -e 'DESCRIBE KEYSPACES'
              millrace cql -f schema.cql --store cassandra://db1:9042,db2:9042
              millrace cql --json -e 'SELECT id FROM shop.orders' | jq .id
              millrace cql --user ada --password-file secret.txt \
                --store 'cassandra://db:9042?tls_ca=ca.pem'
            """#)
    @OptionGroup var arguments: SettingsArguments
    @OptionGroup var user: StoreUserArguments
    @Option(name: .shortAndLong, help: "Run these statements and exit.") var execute: String?
    @Option(name: .shortAndLong, help: "Run the statements of this file and exit.")
    var file: String?
    @Option(name: .shortAndLong, help: "The keyspace of names without one.") var keyspace: String?
    @Option(help: "The consistency level at the start. Default: the URL's, or LOCAL_ONE.")
    var consistency: String?
    @Flag(help: "One JSON object a row, values as in SELECT JSON.") var json = false
    @Flag(help: "One line a column instead of one line a row.") var expand = false
    @Option(help: "For each request, in milliseconds.") var requestTimeout: Int?

    func validate() throws {
        guard execute == nil || file == nil else {
            throw ValidationError("-e and -f exclude each other")
        }
        if let consistency, Consistency(name: consistency) == nil {
            throw ValidationError(
                "--consistency is one of "
                    + Consistency.allCases.map(\.name).joined(separator: ", "))
        }
    }

    func run() async throws {
        let (keyspace, level) = (keyspace, consistency.flatMap { Consistency(name: $0) })
        let timeout = requestTimeout
        let (text, path) = (execute, file)
        let (json, expand) = (json, expand)
        var source: String?
        if let path {
            guard let read = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw Failure(
                    "the file cannot be read", at: "-f \(path)", next: "a file that is there")
            }
            source = read
        }
        let script = text ?? source
        let isTyped = script == nil && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        let outcome = try await StoreAccess.with(arguments, user) { options in
            if let keyspace { options.keyspace = CQLShellNames.folded(keyspace) }
            if let level { options.consistency = level }
            if let timeout { options.requestTimeout = .milliseconds(max(1, timeout)) }
        } _: { session in
            let input = isTyped ? TerminalInput() : nil
            let shell = Shell(
                session, consistency: session.consistency, isJSON: json, isExpanded: expand,
                input: input)
            if let script {
                return try await shell.run(text: script, file: text == nil ? path : "-e")
            }
            if let input { return try await ShellLoop(shell, input).run() }
            return try await ShellLoop.piped(shell)
        }
        if case .failed = outcome { throw ExitCode(2) }
    }
}

/// Names as flags give them.
enum CQLShellNames {
    /// Without its quotes, or folded to lower case.
    static func folded(_ name: String) -> String {
        guard name.hasPrefix("\""), name.hasSuffix("\""), name.count >= 2 else {
            return name.lowercased()
        }
        return String(name.dropFirst().dropLast())
    }
}
