// `millrace dlq`: records that did not fit, with the reason.

import ArgumentParser
import MillraceBase

struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq", abstract: "List, show and replay records that did not fit.",
        discussion: "Example: millrace dlq show 0:3",
        subcommands: [List.self, Show.self, Replay.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List dead letters, the newest first.")
        @OptionGroup var arguments: SettingsArguments
        @Option(help: "The dead-letter topic. Default: the pipeline's first.") var topic: String?
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let path = "/api/dlq" + DeadLettersCommand.query(topic)
            let given = "dlq list" + (topic.map { " --topic \($0)" } ?? "")
            let answer = try await StackAccess.with(arguments) { file, _ in
                try await ConsoleConnection(endpoint: file.endpoint("console"))
                    .get(path, given: given, next: "millrace dlq list, without --topic")
            }
            let letters = answer["letters"]?.array ?? []
            if json { return Terminal.print(JSONValue.array(letters).prettyText) }
            guard !letters.isEmpty else { return Terminal.print("no dead letters") }
            var table = Table(head: ["place", "bytes", "reason"], numbers: [1])
            for letter in letters {
                table.rows.append([
                    letter["place"]?.string ?? "", letter["bytes"]?.int.map(Shown.count) ?? "",
                    letter["reason"]?.string ?? "",
                ])
            }
            Terminal.print(table.text)
            let total = answer["total"]?.int ?? letters.count
            if total > letters.count {
                let (shown, all) = (Shown.count(letters.count), Shown.count(total))
                Terminal.print("the newest \(shown) of \(all); dlq show PLACE shows any of them")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one dead letter with its headers and its bytes.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "partition:offset, as `dlq list` shows it.") var place: String
        @Option(help: "The dead-letter topic. Default: the pipeline's first.") var topic: String?

        func run() async throws {
            let parts = place.split(separator: ":")
            guard parts.count == 2 else {
                throw Failure(
                    "no place of a record", at: place, next: "partition:offset, such as 0:3")
            }
            let path = "/api/dlq/\(parts[0])/\(parts[1])" + DeadLettersCommand.query(topic)
            let given = "dlq show \(place)"
            let answer = try await StackAccess.with(arguments) { file, _ in
                try await ConsoleConnection(endpoint: file.endpoint("console"))
                    .get(path, given: given, next: "millrace dlq list")
            }
            Terminal.print(answer.prettyText)
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send dead letters through again: all, or those at the places given.",
            discussion: "Who can be read now is landed; who cannot stays, with the reason.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "partition:offset, as `dlq list` shows it.") var places: [String] = []
        @Option(help: "The dead-letter topic. Default: the pipeline's first.") var topic: String?

        func run() async throws {
            var body = JSONObject()
            if let topic { body["topic"] = .string(topic) }
            if !places.isEmpty { body["offsets"] = .array(places.map { .string($0) }) }
            let request = JSONValue.object(body)
            let given = (["dlq replay"] + places).joined(separator: " ")
            let answer = try await StackAccess.with(arguments) { file, _ in
                try await ConsoleConnection(endpoint: file.endpoint("console"))
                    .post("/api/dlq/replay", request, given: given, next: "millrace dlq list")
            }
            Terminal.print("\(answer["landed"]?.int ?? 0) landed")
            for (place, reason) in answer["refused"]?.object?.members ?? [] {
                Terminal.print("\(place) stays: \(reason.string ?? "")")
            }
        }
    }

    private static func query(_ topic: String?) -> String {
        topic.map { "?topic=" + PercentCoding.encoded($0) } ?? ""
    }
}
