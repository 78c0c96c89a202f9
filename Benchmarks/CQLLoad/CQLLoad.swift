// A load for any Cassandra: writes, reads and scans, and prints one line of JSON with what it measured.

import ArgumentParser
import CQLClient
import Logging
import MillraceBase

/// The counterpart of `kafka-load` for stores, over our own client, so that the figures of the
/// embedded store and of a real Cassandra can be laid side by side.
@main
struct CQLLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cql-load",
        abstract: "Writes to, reads from or scans a Cassandra, and measures it.",
        discussion: """
            The table is (p bigint, c int, v blob, PRIMARY KEY (p, c)) in the keyspace "load"; both are
            made if missing.
            Example: cql-load insert --store cassandra://127.0.0.1:9042 --operations 200000 --concurrency 32
            """,
        subcommands: [
            Insert.self, Select.self, Range.self, Scan.self, Batch.self, Bulk.self, Append.self,
        ])
}

struct Target: ParsableArguments {
    @Option(help: "The store's URL: cassandra://host:port.")
    var store = "cassandra://127.0.0.1:9042"

    @Option(help: "The table in the keyspace \"load\".")
    var table = "items"

    @Option(help: "Statements of all workers together.")
    var operations = 100_000

    @Option(help: "Workers, each with one statement under way.")
    var concurrency = 32

    @Option(help: "Bytes of a row's value.")
    var size = 100

    @Option(help: "Partitions that keys are taken from.")
    var partitions = 100_000

    @Option(help: "Rows of a partition.")
    var rows = 1

    @Flag(help: "One line of JSON, as scripts want it; the default too.")
    var json = false

    func load() async throws -> StoreLoad {
        let endpoint = try Endpoint.parse(store)
        var logger = Logger(label: "cql-load")
        logger.logLevel = .critical
        let session = try await CQLSession.connect(endpoint, logger: logger)
        return try await StoreLoad(session, self)
    }
}

struct Insert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prepared INSERTs, one row each.")
    @OptionGroup var target: Target

    func run() async throws { try await target.load().insert().print() }
}

struct Select: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prepared SELECTs of one row each.")
    @OptionGroup var target: Target

    func run() async throws { try await target.load().select().print() }
}

struct Range: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "SELECTs of whole partitions.")
    @OptionGroup var target: Target

    func run() async throws { try await target.load().range().print() }
}

struct Scan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads all rows by ranges of tokens, one range for each worker.")
    @OptionGroup var target: Target

    func run() async throws { try await target.load().scan().print() }
}

struct Batch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Logged batches of ten INSERTs into as many partitions.")
    @OptionGroup var target: Target

    func run() async throws { try await target.load().batch().print() }
}

struct Bulk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fills the table through the client's bulk writer, without latencies.")
    @OptionGroup var target: Target

    func run() async throws { try await target.load().bulk().print() }
}

struct Append: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Appends to the list of one row, then reads it: the worst row there is.")
    @OptionGroup var target: Target

    func run() async throws { try await target.load().append().print() }
}
