// `millrace queries`: the streaming queries, their offsets, and starting one again.

import ArgumentParser
import MillraceBase

struct QueriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queries", abstract: "List, show and restart streaming queries.",
        discussion: "Example: millrace queries restart users_created --from earliest",
        subcommands: [List.self, Show.self, Restart.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List streaming queries.")
        @OptionGroup var arguments: SettingsArguments
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let answer = try await StackAccess.with(arguments) { file, _ in
                try await ConsoleConnection(endpoint: file.endpoint("console")).get("/api/queries")
            }
            if json { return Terminal.print(answer.prettyText) }
            var table = Table(head: ["query", "state", "batch", "rows", "doing"], numbers: [2, 3])
            for query in answer.array ?? [] {
                table.rows.append([
                    query["name"]?.string ?? "", query["state"]?.string ?? "",
                    query["batchId"]?.int.map(String.init) ?? "",
                    query["numInputRows"]?.int.map(Shown.count) ?? "",
                    query["message"]?.string ?? "",
                ])
            }
            Terminal.print(table.text)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one query: state, offsets, last progress (JSON).")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The query's name.") var name: String

        func run() async throws {
            let name = name
            let path = "/api/queries/" + PercentCoding.encoded(name)
            let answer = try await StackAccess.with(arguments) { file, _ in
                try await ConsoleConnection(endpoint: file.endpoint("console"))
                    .get(path, given: "queries show \(name)", next: "millrace queries list")
            }
            Terminal.print(answer.prettyText)
        }
    }

    struct Restart: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a query anew from other offsets; its old checkpoint is put aside.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The query's name.") var name: String
        @Option(help: "earliest or latest.") var from = "earliest"

        func run() async throws {
            let path = "/api/queries/" + PercentCoding.encoded(name) + "/restart"
            let (name, from) = (name, from)
            let answer = try await StackAccess.with(arguments) { file, _ in
                try await ConsoleConnection(endpoint: file.endpoint("console"))
                    .post(
                        path, ["from": .string(from)],
                        given: "queries restart \(name) --from \(from)",
                        next: "millrace queries list, and --from earliest or latest")
            }
            Terminal.print("\(name) restarted from \(from), run \(answer["runId"]?.string ?? "")")
        }
    }
}
