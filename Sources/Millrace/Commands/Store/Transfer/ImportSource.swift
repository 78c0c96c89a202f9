// The rows of a file, one by one, with where they stand.

import CQLClient
import CQLProtocol
import Foundation
import MillraceBase

/// A row of an imported file: a value for each of the file's columns, or why there is none.
struct ImportedRow: Sendable {
    var line: Int
    var raw: String
    var content: Content

    enum Content: Sendable {
        case fields([CSVField])
        case object(JSONObject)
        case bad(String)
    }
}

/// Reads a file or standard input in pieces, on a thread that may block.
final class ImportSource: @unchecked Sendable {
    // All that changes is touched only by the jobs of `thread`, which run one after the other.
    private let thread = SerialThread("import")
    private let file: FileHandle
    private let format: TransferFormat
    private var csv: CSVReader
    private var rest: [UInt8] = []
    private var line = 0
    private var isOver = false
    /// Read with the header and not handed out yet.
    private var early: [ImportedRow] = []
    private var earlyBytes = 0
    /// Of the file; 0 when that is not known.
    let size: Int

    init(path: String?, format: TransferFormat, delimiter: UInt8) throws {
        if let path {
            guard let file = FileHandle(forReadingAtPath: path) else {
                throw Failure("the file cannot be read", at: path, next: "a file that is there")
            }
            self.file = file
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
        } else {
            file = .standardInput
            size = 0
        }
        self.format = format
        csv = CSVReader(delimiter: delimiter)
    }

    /// Some rows and how many bytes were read for them; `nil` at the end.
    func next() async throws -> (rows: [ImportedRow], bytes: Int)? {
        try await thread.run { [self] in try read() }
    }

    /// The first record's texts: the names of the columns. `nil` for an empty file.
    func takeHeader() async throws -> [String]? {
        try await thread.run { [self] in
            while early.isEmpty, let piece = try read() {
                early = piece.rows
                earlyBytes += piece.bytes
            }
            guard let first = early.first, case .fields(let fields) = first.content else {
                return nil
            }
            early.removeFirst()
            return fields.map(\.text)
        }
    }

    private func read() throws -> (rows: [ImportedRow], bytes: Int)? {
        if !early.isEmpty {
            defer { early = [] }
            return (early, earlyBytes)
        }
        guard !isOver else { return nil }
        let data = try file.read(upToCount: TransferLimits.readBytes) ?? Data()
        isOver = data.isEmpty
        return (format == .csv ? try csvRows(data) : try jsonRows(data), data.count)
    }

    private func csvRows(_ data: Data) throws -> [ImportedRow] {
        do throws(CSVError) {
            var records = try csv.add(data)
            if isOver, let last = try csv.finish() { records.append(last) }
            return records.map {
                ImportedRow(line: $0.line, raw: $0.raw, content: .fields($0.fields))
            }
        } catch {
            throw Failure(
                "the file is no CSV", at: "line \(error.line)", because: error.what,
                next: "quotes around fields that hold quotes, and quotes doubled inside")
        }
    }

    private func jsonRows(_ data: Data) throws -> [ImportedRow] {
        var rows: [ImportedRow] = []
        rest.append(contentsOf: data)
        var start = 0
        while let end = rest[start...].firstIndex(of: 0x0A) {
            add(rest[start..<end], to: &rows)
            start = end + 1
        }
        rest.removeFirst(start)
        guard rest.count <= TransferLimits.recordBytesMax else {
            throw Failure(
                "a line is too long", at: "line \(line + 1)",
                because: "it has more than \(TransferLimits.recordBytesMax) bytes",
                next: "one JSON object a line")
        }
        if isOver, !rest.isEmpty { add(rest[...], to: &rows) }
        return rows
    }

    private func add(_ bytes: ArraySlice<UInt8>, to rows: inout [ImportedRow]) {
        line += 1
        let raw = String(decoding: bytes, as: UTF8.self)
        guard !raw.allSatisfy(\.isWhitespace) else { return }
        var row = ImportedRow(line: line, raw: raw, content: .bad("it is no JSON object"))
        do throws(JSONError) {
            if let object = try JSONValue(parsing: bytes).object { row.content = .object(object) }
        } catch {
            row.content = .bad(error.description)
        }
        rows.append(row)
    }
}

/// Rows that were not written, each with why, in a file of their own.
final class BadRows: Sendable {
    private let path: String
    private let most: Int
    private let thread = SerialThread("import.bad")
    private let state = SynchronizedCount()

    init(path: String, most: Int) {
        self.path = path
        self.most = most
    }

    var count: Int { state.value }

    /// - Throws: `Failure` when there are too many.
    func add(_ row: ImportedRow, _ reason: String) async throws {
        let number = state.increment()
        let entry: JSONValue = [
            "line": JSONValue(row.line), "reason": .string(reason), "record": .string(row.raw),
        ]
        let path = path
        try await thread.run {
            if number == 1 { _ = FileManager.default.createFile(atPath: path, contents: nil) }
            guard let file = FileHandle(forWritingAtPath: path) else {
                throw Failure(
                    "the file of refused rows cannot be written", at: path,
                    next: "another place by --bad-rows")
            }
            try file.seekToEnd()
            try file.write(contentsOf: entry.bytes + [0x0A])
            try file.close()
        }
        guard number <= most else {
            throw Failure(
                "too many rows were refused", at: "line \(row.line)",
                because: "more than \(most); the last: \(reason)",
                next: "\(path) lists them; --bad-rows-max allows more")
        }
    }
}
