// `millrace up`: everything starts and stays.

import ArgumentParser
import Foundation
import MillraceBase

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start the stack and stay until Ctrl-C.",
        discussion: """
            Prints the address of each stage and what an acknowledgement means there.

            Examples:
              millrace up
              millrace up --only kafka,registry,store --ephemeral --json
              millrace up --kafka "embedded:?port=19092&durability=always"
            """)

    @OptionGroup var arguments: SettingsArguments

    @Option(
        help: "Only these stages, comma-separated; embedded ones that they need must be among them."
    )
    var only: String?

    @Flag(help: "Free ports, and a data directory that goes away at the end.")
    var ephemeral = false

    @Flag(help: "Print the addresses as one line of JSON.")
    var json = false

    func run() async throws {
        let began = ContinuousClock.now
        var settings = try arguments.settings()
        var options = StackOptions(stages: try stages(settings))
        let logger = SettingsArguments.logger(settings)
        var temporary: String?
        if ephemeral {
            let path = NSTemporaryDirectory() + "millrace-" + UUID().uuidString.lowercased()
            settings = try settings.with(data: path)
            options.takenPort = .alwaysFree
            temporary = path
        }
        defer { if let temporary { try? FileManager.default.removeItem(atPath: temporary) } }
        let stack = try await Stack.start(
            settings, pipelines: CommandScope.pipelines, options: options, logger: logger)
        let took = ContinuousClock.now - began
        let text =
            json ? stack.file.json.text : Self.text(of: stack.file, data: settings.data, took: took)
        try await stack.adding(Announcement(text: text))
            .run(stoppingOnSignals: true, logger: logger)
        if !json { Terminal.print("stopped") }
    }

    /// A stage that is needed and behind a URL is taken along; one that would have to be started must
    /// be named.
    private func stages(_ settings: Settings) throws -> Set<StageName> {
        guard let only else { return Set(StageName.allCases) }
        var stages: Set<StageName> = []
        for name in only.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            guard let stage = StageName(rawValue: name) else {
                let all = StageName.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(
                    "there is no stage \"\(name)\"", at: "--only \(only)", next: "some of \(all)")
            }
            stages.insert(stage)
        }
        let needs: [(StageName, [StageName])] = [
            (.registry, [.kafka]), (.processing, [.kafka, .store]),
            (.orchestrator, [.source, .landing, .kafka, .store, .processing]),
        ]
        for (stage, needed) in needs where stages.contains(stage) {
            for other in needed where !stages.contains(other) {
                if !["embedded", "sqlite"].contains(settings.endpoint(other.rawValue).scheme) {
                    stages.insert(other)
                    continue
                }
                throw Failure(
                    "\(stage.rawValue) needs \(other.rawValue)", at: "--only \(only)",
                    next: "--only \(only),\(other.rawValue)")
            }
        }
        return stages
    }

    static func text(of file: StackFile, data: String, took: Duration) -> String {
        var table = Table(head: ["stage", "address", "acknowledged means"])
        for stage in StageName.allCases {
            guard let address = file.addresses[stage.rawValue] else { continue }
            table.rows.append([stage.rawValue, address, file.policies[stage.rawValue] ?? ""])
        }
        var lines = [table.text, ""]
        if let console = file.addresses["console"] { lines.append("watch: \(console)") }
        lines.append(
            "up in \(Shown.time(took)), data in \(data); embedded engines listen on loopback only "
                + "unless told otherwise; Ctrl-C stops")
        return lines.joined(separator: "\n")
    }
}
