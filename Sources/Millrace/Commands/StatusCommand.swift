// `millrace status`: the live stack at a glance.

import ArgumentParser
import MillraceBase

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the live stack: addresses, counts, queries.",
        discussion: """
            Exit code 0 when a stack is up on the data directory, 1 when none is.

            Example: millrace status --json
            """)

    @OptionGroup var arguments: SettingsArguments
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let settings = try arguments.settings()
        guard let file = try StackFile.live(in: DataDirectory(settings.data)) else {
            throw Failure(
                "no stack is up on this data directory", at: "--data \(settings.data)",
                next: "millrace up")
        }
        guard file.addresses["console"] != nil else {
            if json { return Terminal.print(file.json.prettyText) }
            return Terminal.print(Self.addresses(of: file))
        }
        let console = ConsoleConnection(endpoint: try file.endpoint("console"))
        let progress = try await console.get("/api/progress")
        let queries = try await console.get("/api/queries")
        if json {
            var all = file.json.object ?? JSONObject()
            all["progress"] = progress
            all["queries"] = queries
            return Terminal.print(JSONValue.object(all).prettyText)
        }
        Terminal.print(Self.addresses(of: file) + "\n")
        Terminal.print(Summary.stages(StageProgress.Snapshot(json: progress)).text)
        for query in queries.array ?? [] {
            Terminal.print(
                "\nquery \(query["name"]?.string ?? ""): \(query["state"]?.string ?? ""), "
                    + "batch \(query["batchId"]?.int ?? -1), \(query["message"]?.string ?? "")")
        }
    }

    private static func addresses(of file: StackFile) -> String {
        var table = Table(head: ["stage", "address"])
        for stage in StageName.allCases {
            if let address = file.addresses[stage.rawValue] {
                table.rows.append([stage.rawValue, address])
            }
        }
        return "process \(file.processID)\n\n" + table.text
    }
}
