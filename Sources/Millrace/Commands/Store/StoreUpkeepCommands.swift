// `millrace store stats` and `millrace store compact`: what only our own store can tell and do.

import ArgumentParser
import CQLClient
import CQLProtocol
import MillraceBase

extension StoreCommand {
    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show tables with their sizes, disk, memory and durability.",
            discussion: """
                Sizes are estimates. Garbage are the tombstones that wait for their
                gc_grace_seconds. A real Cassandra tells only its size estimates; its
                nodetool tablestats has the rest.

                Examples:
                  millrace store stats
                  millrace store stats --rows --json
                """)
        @OptionGroup var arguments: SettingsArguments
        @OptionGroup var user: StoreUserArguments
        @Flag(help: "Count the rows of each table, which reads all of them.") var rows = false
        @Flag(help: "System tables too.") var system = false
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let (rows, system) = (rows, system)
            let report = try await StoreAccess.with(arguments, user) { session in
                try await StoreReport.read(session, countsRows: rows, showsSystem: system)
            }
            Terminal.print(json ? report.json.prettyText : report.text)
        }
    }

    struct Compact: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Rewrite tables without what was deleted or has expired.",
            discussion: """
                The store does that by itself; this does it now. Tombstones younger than
                the table's gc_grace_seconds stay. On a real Cassandra use nodetool.

                Examples:
                  millrace store compact
                  millrace store compact shop
                  millrace store compact shop.orders
                """)
        @OptionGroup var arguments: SettingsArguments
        @OptionGroup var user: StoreUserArguments
        @Argument(help: "keyspace or keyspace.table. Default: all.") var name: String?
        @Flag(help: "Do not wait for the end.") var noWait = false

        func run() async throws {
            let (name, noWait) = (name, noWait)
            var target = (keyspace: "", table: "")
            if let name {
                if name.contains(".") {
                    target = try StoreAccess.table(name)
                } else {
                    target.keyspace = CQLShellNames.folded(name)
                }
            }
            let (keyspace, table) = target
            try await StoreAccess.with(arguments, user) { session in
                try await StoreReport.demandOurs(session)
                try await session.execute(
                    "INSERT INTO system_views.compaction_requests (keyspace_name, table_name) "
                        + "VALUES (?, ?)", [.text(keyspace), .text(table)])
                var shown = ""
                while !noWait {
                    let tasks = try await session.execute(
                        "SELECT keyspace_name, table_name, progress FROM system_views.sstable_tasks",
                        isIdempotent: true)
                    guard let first = tasks.first else { break }
                    let line = "\(try first[0]).\(try first[1]), \(tasks.count) to go"
                    if Terminal.isErrorInteractive, line != shown {
                        Terminal.writeError("\r\u{1B}[2K\(line)")
                        shown = line
                    }
                    try await Task.sleep(for: .milliseconds(50))
                }
                if !shown.isEmpty { Terminal.writeError("\r\u{1B}[2K") }
            }
            Terminal.print(
                (name ?? "everything") + (noWait ? " will be compacted" : " is compacted"))
        }
    }
}
