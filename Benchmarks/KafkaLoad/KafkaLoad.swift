// A load for any Kafka: produces, consumes or both, and prints one line of JSON with what it measured.

import ArgumentParser

/// The counterpart of librdkafka's `rdkafka_performance`, over the same library, so that the figures of
/// an embedded broker and of a real one can be laid side by side.
@main
struct KafkaLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kafka-load",
        abstract: "Produces to, consumes from, or does both on a Kafka broker, and measures it.",
        discussion: """
            Example: kafka-load produce --brokers 127.0.0.1:9092 --topic load --records 1000000 --size 100
            """,
        subcommands: [Produce.self, Consume.self, Tail.self])
}

struct Target: ParsableArguments {
    @Option(help: "Addresses, as librdkafka's bootstrap.servers.")
    var brokers: String

    @Option(help: "The topic; it has to exist.")
    var topic: String

    @Option(name: .customShort("X"), help: "A property of librdkafka, name=value; may be repeated.")
    var property: [String] = []
}

struct Produce: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Produces as fast as it can, or at a rate.")

    @OptionGroup var target: Target

    @Option(help: "Records of all producers together.")
    var records = 1_000_000

    @Option(help: "Bytes of a record's value.")
    var size = 100

    @Option(help: "Producers, each with a connection and threads of its own.")
    var producers = 1

    @Option(help: "Bytes a second of all producers together; 0: as fast as it goes.")
    var rate = 0

    func run() throws {
        let result = try ProducerLoad(
            target: target, records: records, size: size, producers: producers, bytesPerSecond: rate
        ).run()
        print(result.json)
    }
}

struct Consume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads a topic from its start, until so many records came.")

    @OptionGroup var target: Target

    @Option(help: "Records to be read.")
    var records = 1_000_000

    func run() throws {
        print(try ConsumerLoad(target: target, records: records).run().json)
    }
}

struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Produces at a rate while reading: the time from the send to the read of each record.")

    @OptionGroup var target: Target

    @Option(help: "Records to be sent and read.")
    var records = 200_000

    @Option(help: "Bytes of a record's value, 8 at least.")
    var size = 1_000

    @Option(help: "Bytes a second.")
    var rate = 20_000_000

    func run() throws {
        print(
            try TailLoad(target: target, records: records, size: size, bytesPerSecond: rate).run())
    }
}
