// The parts of `millrace cql` that need no terminal and no store.

import CQLProtocol
import Testing

@testable import Millrace

@Suite("CQL shell")
struct CQLShellTests {
    private func split(_ text: String) -> (statements: [String], lines: [Int], rest: String?) {
        var splitter = StatementSplitter(isCommand: ShellCommand.isCommand)
        var found: [StatementSplitter.Statement] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            found += splitter.add(String(line))
        }
        return (found.map(\.text), found.map(\.line), splitter.finish()?.text)
    }

    @Test func cutsStatements() {
        let (statements, lines, rest) = split(
            """
            SELECT 1; SELECT ';', "a;b", $$;'$$ FROM t;
            -- a comment; with a semicolon
            INSERT INTO t /* ; */ (a)
              VALUES ('it''s;');

            // another
            SELECT 2
            """)
        #expect(
            statements == [
                "SELECT 1", "SELECT ';', \"a;b\", $$;'$$ FROM t",
                "INSERT INTO t   (a)\n  VALUES ('it''s;')",
            ])
        #expect(lines == [1, 1, 3])
        #expect(rest == "SELECT 2")
    }

    @Test func keepsBatchesWhole() {
        let batch =
            "BEGIN UNLOGGED BATCH\nINSERT INTO t (a) VALUES (1);\nDELETE FROM t;\nAPPLY BATCH"
        #expect(split(batch + ";\nSELECT 1;").statements == [batch, "SELECT 1"])
        #expect(
            split("begin batch insert into t (a) values (1); apply batch;").statements.count == 1)
    }

    @Test func commandsEndWithTheirLine() {
        let (statements, _, rest) = split("CONSISTENCY QUORUM\nexit;\nSELECT\nhelp\n;")
        #expect(statements == ["CONSISTENCY QUORUM", "exit", "SELECT\nhelp"])
        #expect(rest == nil)
    }

    /// Goal: whatever the text, whatever its end, it is cut without a crash and nothing is lost.
    @Test func survivesEveryEnd() {
        let text = "SELECT 'a', \"b\" /* c */ -- d\n, $$e$$; BEGIN BATCH x; APPLY BATCH; // f"
        for end in text.indices { _ = split(String(text[..<end])) }
    }

    @Test(arguments: [
        ("CONSISTENCY", ShellCommand.consistency(nil)),
        ("consistency local_quorum;", .consistency(.localQuorum)),
        ("SERIAL CONSISTENCY LOCAL_SERIAL", .serialConsistency(.localSerial)),
        ("TRACING ON;", .tracing(true)), ("expand off", .expand(false)),
        ("PAGING 7", .paging(.rows(7))),
        ("PAGING", .paging(nil)), ("SOURCE 'a b.cql'", .source("a b.cql")), ("exit", .exit),
        ("SHOW SESSION x", .show("session", "x")), ("COPY t TO 'x'", .copy), ("?", .help(nil)),
    ])
    func readsCommands(text: String, command: ShellCommand) {
        #expect(ShellCommand(text) == command)
    }

    @Test(arguments: [
        "CONSISTENCY SOME", "SERIAL CONSISTENCY ONE", "TRACING MAYBE", "PAGING -1", "SHOW X",
    ])
    func saysWhatACommandShouldBe(text: String) {
        guard case .wrong? = ShellCommand(text) else {
            Issue.record("\(text) was understood")
            return
        }
    }

    @Test(arguments: ["SELECT 1", "DESCRIBE TABLES", "USE ks", "LIST ROLES", ""])
    func leavesCQLAlone(text: String) { #expect(ShellCommand(text) == nil) }

    // MARK: Editing

    private func typed(_ text: String, in editor: inout LineEditor) {
        for character in text { _ = editor.press(.character(character)) }
    }

    @Test func editsALine() {
        var editor = LineEditor(history: [])
        typed("SELECT ü 1", in: &editor)
        _ = editor.press(.wordLeft)
        _ = editor.press(.backspace)
        typed("😀", in: &editor)
        _ = editor.press(.home)
        _ = editor.press(.delete)
        _ = editor.press(.right)
        #expect(editor.line == "ELECT ü😀1" && editor.cursor == 1)
        _ = editor.press(.killToEnd)
        #expect(editor.line == "E")
        typed(" foo bar", in: &editor)
        _ = editor.press(.killWord)
        #expect(editor.line == "E foo ")
        _ = editor.press(.killToStart)
        #expect(editor.press(.endOfInput) == .endOfInput)
        #expect(editor.press(.enter) == .done(""))
        #expect(editor.press(.cancel) == .cancelled)
    }

    @Test func walksTheHistory() {
        var editor = LineEditor(history: ["one", "two"])
        typed("draft", in: &editor)
        _ = editor.press(.up)
        #expect(editor.line == "two")
        _ = editor.press(.up)
        _ = editor.press(.up)
        #expect(editor.line == "one")
        _ = editor.press(.down)
        _ = editor.press(.down)
        #expect(editor.line == "draft")
        _ = editor.press(.search)
        typed("N", in: &editor)
        #expect(editor.line == "one" && editor.searched == "N")
        #expect(editor.press(.enter) == .done("one"))
    }

    @Test func completesWords() {
        let complete: @Sendable (String) -> ([String], Int) = { before in
            let word = before.split(separator: " ").last.map(String.init) ?? ""
            return (
                ["SELECT", "SERIAL", "SHOW"].filter { $0.hasPrefix(word.uppercased()) }, word.count
            )
        }
        var editor = LineEditor(history: [], complete: complete)
        typed("s", in: &editor)
        #expect(editor.press(.tab) == .choices(["SELECT", "SERIAL", "SHOW"]))
        typed("e", in: &editor)
        #expect(editor.press(.tab) == .choices(["SELECT", "SERIAL"]))
        typed("l", in: &editor)
        #expect(editor.press(.tab) == .goesOn)
        #expect(editor.line == "SELECT ")
    }

    @Test func completesNames() {
        var names = SchemaNames()
        names.tables = ["shop": ["orders", "Odd"], "system": ["local"]]
        names.columns = ["shop": ["orders": ["id", "total"], "Odd": ["x"]]]
        let completion = ShellCompletion(names: names, keyspace: "shop")
        #expect(completion.words(before: "sel").words == ["SELECT"])
        #expect(completion.words(before: "SELECT * FROM o").words.contains("orders"))
        #expect(completion.words(before: "SELECT * FROM shop.").words == ["\"Odd\"", "orders"])
        #expect(completion.words(before: "SELECT to").words.contains("total"))
        #expect(completion.words(before: "SELECT * FROM orders WHERE i").words.contains("id"))
        #expect(completion.words(before: "USE s").words == ["shop", "system"])
        #expect(completion.words(before: "CONSISTENCY loc").words.count == 3)
        #expect(completion.words(before: "DESCRIBE KEYSPACE sh") == (["shop"], 2))
    }

    /// Goal: what holds a password is not written to the history's file.
    @Test func keepsNoPasswords() {
        var history = ShellHistory(path: nil)
        history.add("SELECT 1")
        history.add("SELECT 1")
        history.add("CREATE ROLE a WITH PASSWORD = 'secret'")
        history.add("SELECT\n 2")
        #expect(history.lines == ["SELECT 1", "SELECT  2"])
    }
}
