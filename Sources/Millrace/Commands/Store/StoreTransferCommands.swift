// `millrace store export` and `millrace store import`.

import ArgumentParser
import CQLClient
import MillraceBase

extension StoreCommand {
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a table to a file: CSV or one JSON object a line.",
            discussion: #"""
                Token ranges are read in parallel and written in the order of the ring.
                Every type goes round; times to live and timestamps do not. In CSV an
                empty field is null, "" is an empty text.

                Examples:
                  millrace store export shop.orders --to orders.csv
                  millrace store export shop.orders --to orders.ndjson \
                    --store cassandra://db:9042
                  millrace store export shop.orders --to orders.ndjson --resume
                  millrace store export shop.orders --columns id,total | head
                """#)
        @OptionGroup var arguments: SettingsArguments
        @OptionGroup var user: StoreUserArguments
        @Argument(help: "keyspace.table") var table: String
        @Option(help: "The file. Default: standard output.") var to: String?
        @Option(help: "csv or ndjson. Default: by the file's name, else csv.")
        var format: String?
        @Option(help: "Only these columns, with commas between.") var columns: String?
        @Option(help: "What stands between the fields of CSV.") var delimiter = ","
        @Flag(help: "No line with the columns' names.") var noHeader = false
        @Option(help: "Token ranges that are read at once.") var parallel = 8
        @Flag(help: "Go on after an export that broke.") var resume = false
        @Flag(help: "Write over a file that is there.") var replace = false

        func validate() throws {
            try TransferArguments.check(format, delimiter)
            guard (1...TransferLimits.parallelMax).contains(parallel) else {
                throw ValidationError("--parallel is 1 to \(TransferLimits.parallelMax)")
            }
            guard !resume || to != nil else { throw ValidationError("--resume needs --to") }
        }

        func run() async throws {
            let name = try StoreAccess.table(table)
            let format = TransferArguments.format(format, path: to)
            let (to, columns, noHeader, parallel) = (to, columns, noHeader, parallel)
            let (resume, replace) = (resume, replace)
            let delimiter = TransferArguments.delimiter(delimiter)
            try await StoreAccess.with(arguments, user) { session in
                let known = try await TableColumns.read(name, from: session)
                let chosen = try known.chosen(TransferArguments.names(columns))
                let identity =
                    "\(known.place) \(format.rawValue) "
                    + chosen.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
                    + " \(delimiter) \(noHeader)"
                let output =
                    try to.map {
                        try ExportOutput.file(
                            $0, identity: identity, resumes: resume, replaces: replace)
                    } ?? ExportOutput.standardOutput()
                let progress = TransferProgress(isShown: Terminal.isErrorInteractive)
                let export = TableExport(
                    session: session, table: known, columns: chosen, format: format,
                    delimiter: delimiter, hasHeader: !noHeader, parallel: parallel,
                    rangeCount: TransferLimits.ranges, progress: progress)
                do {
                    try await export.run(to: output)
                    try await output.finish()
                } catch {
                    output.abandon()
                    if to != nil, !(error is CancellationError) {
                        Terminal.printError("it goes on with --resume")
                    }
                    throw error
                }
                progress.finish("exported \(known.place)")
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Read rows of a file into a table: CSV or one JSON object a line.",
            discussion: #"""
                Rows are written by prepared statements, many at once; a null leaves its
                column as it is. Rows that are refused go to a file with the reason, and
                the command then exits with 1. The same import may be repeated, since rows
                are written by their keys; not one of counters, which are added.

                Examples:
                  millrace store import shop.orders orders.csv
                  millrace store import shop.orders orders.ndjson \
                    --store cassandra://db:9042
                  zcat orders.csv.gz | millrace store import shop.orders - \
                    --columns id,total --no-header
                """#)
        @OptionGroup var arguments: SettingsArguments
        @OptionGroup var user: StoreUserArguments
        @Argument(help: "keyspace.table") var table: String
        @Argument(help: "The file, or - for standard input.") var file: String
        @Option(help: "csv or ndjson. Default: by the file's name, else csv.")
        var format: String?
        @Option(
            help:
                "The columns of the fields, with commas between. Default: CSV's first line, or all."
        )
        var columns: String?
        @Option(help: "What stands between the fields of CSV.") var delimiter = ","
        @Flag(help: "The first line of CSV is a row.") var noHeader = false
        @Option(help: "Seconds that the rows live.") var ttl: Int?
        @Option(help: "Rows at the start that are left out.") var skipRows = 0
        @Option(help: "Where refused rows go. Default: the file's name and .bad.ndjson.")
        var badRows: String?
        @Option(help: "Refused rows before it gives up.")
        var badRowsMax = TransferLimits.badRowsMax

        func validate() throws {
            try TransferArguments.check(format, delimiter)
            guard skipRows >= 0, badRowsMax >= 0, ttl.map({ $0 >= 0 }) ?? true else {
                throw ValidationError("--skip-rows, --bad-rows-max and --ttl are not negative")
            }
        }

        func run() async throws {
            let name = try StoreAccess.table(table)
            let path = file == "-" ? nil : file
            let format = TransferArguments.format(format, path: path)
            let delimiter = TransferArguments.delimiter(delimiter)
            let (columns, noHeader, ttl, skipRows) = (columns, noHeader, ttl, skipRows)
            let badPath = badRows ?? (path ?? "import") + ".bad.ndjson"
            let bad = BadRows(path: badPath, most: badRowsMax)
            let source = try ImportSource(path: path, format: format, delimiter: delimiter)
            try await StoreAccess.with(arguments, user) { session in
                let known = try await TableColumns.read(name, from: session)
                var names = TransferArguments.names(columns)
                if format == .csv, !noHeader, let head = try await source.takeHeader() {
                    names = names ?? head
                }
                let progress = TransferProgress(isShown: Terminal.isErrorInteractive)
                let transfer = TableImport(
                    session: session, table: known, columns: try known.chosen(names), ttl: ttl,
                    bad: bad, progress: progress)
                try await transfer.run(source, skip: skipRows)
                progress.finish("imported \(known.place)")
            }
            guard bad.count == 0 else {
                throw Failure(
                    "\(Shown.count(bad.count)) rows were refused", at: file,
                    because: "\(badPath) has each with its line and the reason",
                    next: "mend them and import them again")
            }
        }
    }
}

/// What both commands read from their flags.
enum TransferArguments {
    static func check(_ format: String?, _ delimiter: String) throws {
        if let format, TransferFormat(rawValue: format) == nil {
            throw ValidationError("--format is csv or ndjson")
        }
        guard delimiter == "\\t" || delimiter.utf8.count == 1, delimiter != "\"" else {
            throw ValidationError("--delimiter is one ASCII character, or \\t")
        }
    }

    static func format(_ given: String?, path: String?) -> TransferFormat {
        given.flatMap { TransferFormat(rawValue: $0) } ?? TransferFormat(path: path ?? "")
    }

    static func delimiter(_ given: String) -> UInt8 {
        given == "\\t" ? 0x09 : given.utf8.first ?? UInt8(ascii: ",")
    }

    static func names(_ given: String?) -> [String]? {
        given.map { $0.split(separator: ",").map { CQLShellNames.folded(String($0).trimmed) } }
    }
}
