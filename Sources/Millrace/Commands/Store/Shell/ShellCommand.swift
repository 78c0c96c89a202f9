// The shell's own commands: what is not sent to the server as it is.

import CQLProtocol

/// A line that is a command of the shell and no CQL.
enum ShellCommand: Equatable {
    case help(String?)
    case exit
    case clear
    case consistency(Consistency?)
    case serialConsistency(Consistency?)
    case tracing(Bool?)
    case expand(Bool?)
    case paging(Paging?)
    case source(String)
    case show(String, String?)
    case copy
    /// It begins like one and is none; what it should be.
    case wrong(String)

    enum Paging: Equatable {
        case on, off
        case rows(Int)
    }

    /// The words that begin one. DESCRIBE is CQL: the server answers it.
    static let openings: Set<String> = [
        "help", "?", "exit", "quit", "clear", "cls", "consistency", "serial", "tracing", "expand",
        "paging", "source", "show", "copy", "login", "capture", "unicode", "debug",
    ]

    @Sendable static func isCommand(_ line: String) -> Bool {
        let first = line.prefix { !$0.isWhitespace && $0 != ";" }.lowercased()
        return openings.contains(first)
    }

    /// - Returns: `nil` for CQL.
    init?(_ line: String) {
        let words = line.droppingSemicolon.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let first = words.first?.lowercased(), Self.openings.contains(first) else {
            return nil
        }
        let rest = Array(words.dropFirst())
        let most = ["serial", "show", "source", "copy"].contains(first) ? Int.max : 1
        guard rest.count <= most else {
            self = .wrong("\(first.uppercased()) on a line of its own")
            return
        }
        switch first {
        case "help", "?": self = .help(rest.first)
        case "exit", "quit": self = .exit
        case "clear", "cls": self = .clear
        case "consistency": self = Self.level(rest, isSerial: false)
        case "serial":
            guard rest.first?.lowercased() == "consistency" else {
                self = .wrong("SERIAL CONSISTENCY [SERIAL | LOCAL_SERIAL]")
                return
            }
            self = Self.level(Array(rest.dropFirst()), isSerial: true)
        case "tracing": self = Self.flag(rest, "TRACING") { .tracing($0) }
        case "expand": self = Self.flag(rest, "EXPAND") { .expand($0) }
        case "paging":
            switch rest.first?.lowercased() {
            case nil: self = .paging(nil)
            case "on": self = .paging(.on)
            case "off": self = .paging(.off)
            case let text?:
                self =
                    Int(text).flatMap { $0 > 0 ? .paging(.rows($0)) : nil }
                    ?? .wrong("PAGING [ON | OFF | rows]")
            }
        case "source":
            let path = rest.joined(separator: " ").filter { $0 != "'" && $0 != "\"" }
            self = path.isEmpty ? .wrong("SOURCE 'file.cql'") : .source(path)
        case "show":
            let what = rest.first?.lowercased() ?? ""
            guard ["version", "host", "session", "replicas"].contains(what) else {
                self = .wrong("SHOW VERSION, SHOW HOST or SHOW SESSION id")
                return
            }
            self = .show(what, rest.count > 1 ? rest[1] : nil)
        case "copy": self = .copy
        default: self = .wrong("\(first.uppercased()) is not served; HELP lists what is")
        }
    }

    private static func level(_ words: [String], isSerial: Bool) -> ShellCommand {
        guard let word = words.first else {
            return isSerial ? .serialConsistency(nil) : .consistency(nil)
        }
        guard let level = Consistency(name: word),
            !isSerial || level == .serial || level == .localSerial
        else {
            let names = isSerial ? ["SERIAL", "LOCAL_SERIAL"] : Consistency.allCases.map(\.name)
            return .wrong("one of " + names.joined(separator: ", "))
        }
        return isSerial ? .serialConsistency(level) : .consistency(level)
    }

    private static func flag(
        _ words: [String], _ name: String, _ make: (Bool?) -> ShellCommand
    ) -> ShellCommand {
        switch words.first?.lowercased() {
        case nil: make(nil)
        case "on": make(true)
        case "off": make(false)
        default: .wrong("\(name) [ON | OFF]")
        }
    }

    static let helpText = """
        CQL goes to the server; a statement ends with a semicolon. The shell's own commands:
          CONSISTENCY [LEVEL]          shows or sets the consistency level
          SERIAL CONSISTENCY [LEVEL]   the same for conditional writes
          TRACING [ON | OFF]           has the server tell what it did
          EXPAND [ON | OFF]            one line a column instead of one line a row
          PAGING [ON | OFF | rows]     stops after so many rows
          SOURCE 'file.cql'            runs a file
          SHOW VERSION | HOST          who is answering
          SHOW SESSION id              a trace
          CLEAR, EXIT, HELP
        DESCRIBE KEYSPACES | TABLES | KEYSPACE ks | TABLE t | TYPE t | SCHEMA | CLUSTER is answered by the server.
        Keys: Tab completes, Ctrl-R searches the history, Ctrl-C drops the line, Ctrl-D ends.
        Tables to and from files: millrace store export, millrace store import.
        """
}
