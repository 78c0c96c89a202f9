// `millrace consume`: the records of a topic, found and decoded, to the end or for ever.

import ArgumentParser
import Foundation
import KafkaClient
import MillraceBase
import RegistryClient
import Synchronization

struct ConsumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consume", abstract: "Print a topic's records, and go on with --follow.",
        discussion: """
            Records with a schema's id, in front or in a header, are decoded by the registry.

            Examples:
              millrace consume users_created --last 5
              millrace consume users_created --follow --contains @example.com --json
              millrace consume orders --from 2026-11-23T08:00:00Z --kafka kafka://broker:9092
            """)
    @OptionGroup var arguments: SettingsArguments
    @Argument(help: "The topic.") var topic: String
    @Option(help: "earliest, latest, a time, or partition:offset.") var from: String?
    @Option(help: "So many records before the end of each partition.") var last: Int64?
    @Option(help: "Only this partition; may be repeated.") var partition: [Int32] = []
    @Option(help: "Stop after so many records.") var max: Int?
    @Option(
        help: "Only records whose key, value or headers hold this text; all of them, if repeated.")
    var contains: [String] = []
    @Flag(help: "Go on when the end is reached, until Ctrl-C.") var follow = false
    @Flag(help: "Show bytes as they are, without the registry.") var raw = false
    @Flag(help: "Print one JSON object a line.") var json = false

    func validate() throws {
        guard from == nil || last == nil else {
            throw ValidationError("--from and --last exclude each other")
        }
    }

    func run() async throws {
        var range = ReadRange(topic: topic, partitions: Set(partition), follows: follow)
        range.start = try start()
        let (range_, contains, most, json, raw) = (range, contains, max, json, raw)
        let place = arguments.kafka ?? "kafka"
        let stages: Set<StageName> = raw ? [.kafka] : [.kafka, .registry]
        let counts = try await KafkaAccess.reached(arguments, stages: stages) { endpoint in
            let reader = TopicReader(
                configuration: KafkaConfiguration(try endpoint(.kafka)), range: range_)
            let decoder = RecordDecoder(
                registry: raw ? nil : RegistryConnection(try endpoint(.registry)))
            var (matched, scanned) = (0, 0)
            try await reader.read { records in
                for record in records.records {
                    scanned += 1
                    let shown = await decoder.shown(records, record)
                    guard contains.allSatisfy({ shown.holds($0) }) else { continue }
                    Terminal.print(json ? shown.json.text : shown.line)
                    matched += 1
                    if let most, matched >= most { return false }
                }
                return true
            }
            return (matched, scanned)
        }
        if !json, Terminal.isInteractive || counts.0 == 0 {
            Terminal.printError(
                "\(Shown.count(counts.0)) of \(Shown.count(counts.1)) records of \(topic) at \(place)"
            )
        }
    }

    private func start() throws -> ReadRange.Start {
        if let last { return .last(Swift.max(last, 0)) }
        guard let from else { return follow ? .spec(.latest) : .spec(.earliest) }
        switch from {
        case "earliest": return .spec(.earliest)
        case "latest": return .spec(.latest)
        default: break
        }
        if let place = PartitionOffset(argument: from) {
            return .offsets([place.partition: place.offset])
        }
        guard let date = try? Date(from, strategy: .iso8601) else {
            throw Failure(
                "no such place in a topic", at: "--from \(from)",
                next: "earliest, latest, 2026-11-23T08:00:00Z, or partition:offset such as 0:42")
        }
        return .spec(.time(Int64(date.timeIntervalSince1970 * 1_000)))
    }
}
