// `millrace produce`: lines of standard input, or of a file, as records.

import ArgumentParser
import Foundation
import KafkaClient
import MillraceBase
import MillraceSchemas
import RegistryClient

struct ProduceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "produce",
        abstract: "Write lines as records; each is acknowledged by all replicas.",
        discussion: """
            A line is a value, or a key and a value with --key-separator, or with --json an object:
            {"key": …, "value": …, "headers": {"name": "text"}, "partition": 0, "timestamp": 0}.
            With --subject each value is checked and encoded by that subject's latest schema.

            Examples:
              echo 'k1:hello' | millrace produce greetings --key-separator :
              millrace consume orders --json | millrace produce orders_copy --json
            """)
    @OptionGroup var arguments: SettingsArguments
    @Argument(help: "The topic.") var topic: String
    @Option(help: "A file instead of standard input.") var file: String?
    @Option(help: "What stands between key and value.") var keySeparator: String?
    @Option(help: "A header of every record, name=value; may be repeated.") var header:
        [NamedValue] = []
    @Option(help: "Encode values by the latest schema of this subject (Avro, JSON Schema).")
    var subject: String?
    @Option(help: "none, gzip, snappy, lz4 or zstd.") var compression = "none"
    @Flag(help: "Lines are JSON objects.") var json = false

    func run() async throws {
        // A file that is not there is told of before anything is started.
        _ = try LineSource(path: file)
        let reader = LineReader(
            topic: topic, keySeparator: keySeparator, isJSON: json,
            headers: header.map { KafkaHeader(name: $0.name, value: Array($0.value.utf8)) })
        let (subject, compression, file) = (subject, compression, file)
        let stages: Set<StageName> = subject == nil ? [.kafka] : [.kafka, .registry]
        let count = try await KafkaAccess.reached(arguments, stages: stages) { endpoint in
            var configuration = KafkaConfiguration(try endpoint(.kafka))
            configuration.properties["compression.codec"] = compression
            var encoder: ValueEncoder?
            if let subject {
                encoder = try await ValueEncoder(
                    RegistryConnection(try endpoint(.registry)), subject: subject)
            }
            let producer = try KafkaProducer(configuration)
            do {
                let lines = try LineSource(path: file)
                let count = try await Self.send(lines, reader, encoder, producer)
                await producer.close()
                return count
            } catch {
                await producer.close()
                throw error
            }
        }
        Terminal.printError("\(Shown.count(count)) records in \(topic), acknowledged")
    }

    private static func send(
        _ lines: LineSource, _ reader: LineReader, _ encoder: ValueEncoder?,
        _ producer: KafkaProducer
    ) async throws -> Int {
        var count = 0
        var batch: [ProducerRecord] = []
        while let line = try lines.next() {
            var record = try reader.record(line, number: count + batch.count + 1)
            if let encoder, let value = record.value {
                record.value = try encoder.encode(value, line: count + batch.count + 1)
            }
            batch.append(record)
            // What is waiting goes out before a wait for more input could hold it back.
            if batch.count == ToolLimits.recordsPerSend || !lines.hasMore {
                _ = try await producer.send(batch)
                count += batch.count
                batch = []
            }
        }
        if !batch.isEmpty { _ = try await producer.send(batch) }
        return count + batch.count
    }
}

/// Puts a schema's id in front of values that fit it.
struct ValueEncoder: Sendable {
    private let schema: RegisteredSchema
    private let prefix: [UInt8]

    init(_ registry: RegistryConnection, subject: String) async throws {
        do {
            schema = try await registry.latest(subject: subject)
        } catch {
            throw Failure(
                "the subject's schema cannot be had", at: subject, because: "\(error)",
                next: "millrace schemas list")
        }
        prefix = try SchemaFraming.bytes(of: SchemaTicket(.id(schema.id)))
    }

    func encode(_ value: [UInt8], line: Int) throws -> [UInt8] {
        do {
            return prefix + (try schema.schema.bytes(of: try JSONValue(parsing: value)))
        } catch {
            throw Failure(
                "a value does not fit the schema", at: "line \(line), \(schema.subject)",
                because: "\(error)", next: "millrace schemas show \(schema.subject)")
        }
    }
}
