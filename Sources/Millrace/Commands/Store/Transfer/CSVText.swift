// CSV, both ways (RFC 4180), with nulls told from empty texts.

/// A field of a record. An empty field without quotes is null, `""` is an empty text.
struct CSVField: Equatable, Sendable {
    var text: String
    var isQuoted: Bool

    var isNull: Bool { text.isEmpty && !isQuoted }
}

/// One record as it was read.
struct CSVRecord: Equatable, Sendable {
    var fields: [CSVField]
    /// Where it begins, from 1.
    var line: Int
    /// As it stands in the file.
    var raw: String
}

/// What is no CSV, and where.
struct CSVError: Error, Equatable, Sendable {
    var what: String
    var line: Int
}

/// Writes records.
struct CSVWriter: Sendable {
    var delimiter: UInt8 = UInt8(ascii: ",")

    /// - Parameter fields: `nil` is null.
    func append(_ fields: [String?], to out: inout [UInt8]) {
        for (index, field) in fields.enumerated() {
            if index > 0 { out.append(delimiter) }
            guard let field else { continue }
            let bytes = Array(field.utf8)
            guard needsQuotes(bytes) else {
                out.append(contentsOf: bytes)
                continue
            }
            out.append(UInt8(ascii: "\""))
            for byte in bytes {
                if byte == UInt8(ascii: "\"") { out.append(byte) }
                out.append(byte)
            }
            out.append(UInt8(ascii: "\""))
        }
        // A single null would be an empty line, which readers pass over.
        if fields.count == 1, fields[0] == nil { out.append(delimiter) }
        out.append(UInt8(ascii: "\n"))
    }

    private func needsQuotes(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return true }
        return first == 0x20 || last == 0x20
            || bytes.contains {
                $0 == delimiter || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D
            }
    }
}

/// Reads records from bytes that come in pieces.
struct CSVReader: Sendable {
    private enum Place { case start, plain, quoted, afterQuote }

    private let delimiter: UInt8
    private let recordBytesMax: Int
    private var place = Place.start
    private var fields: [CSVField] = []
    private var field: [UInt8] = []
    private var isQuoted = false
    private var raw: [UInt8] = []
    private var line = 1
    private var startLine = 1
    private var lastWasReturn = false

    init(delimiter: UInt8 = UInt8(ascii: ","), recordBytesMax: Int = TransferLimits.recordBytesMax)
    {
        self.delimiter = delimiter
        self.recordBytesMax = recordBytesMax
    }

    /// - Throws: `CSVError` for a quote inside of a field without quotes, or a record without end.
    mutating func add(_ bytes: some Sequence<UInt8>) throws(CSVError) -> [CSVRecord] {
        var records: [CSVRecord] = []
        for byte in bytes { if let record = try add(byte) { records.append(record) } }
        return records
    }

    /// The last record, when no line end follows it.
    mutating func finish() throws(CSVError) -> CSVRecord? {
        guard place != .quoted else {
            throw CSVError(what: "a quote does not end", line: startLine)
        }
        return raw.isEmpty ? nil : endRecord()
    }

    private mutating func add(_ byte: UInt8) throws(CSVError) -> CSVRecord? {
        defer { lastWasReturn = byte == 0x0D }
        if byte == 0x0A { line += 1 }
        if place != .quoted, byte == 0x0A || byte == 0x0D {
            // \r\n is one end; an empty line is no record.
            if raw.isEmpty {
                startLine = line
                return nil
            }
            return endRecord()
        }
        guard raw.count < recordBytesMax else {
            throw CSVError(what: "a record is longer than \(recordBytesMax) bytes", line: startLine)
        }
        raw.append(byte)
        switch place {
        case .start, .plain:
            if byte == delimiter {
                endField()
            } else if byte == UInt8(ascii: "\"") {
                guard place == .start else {
                    throw CSVError(what: "a quote stands inside of a field", line: line)
                }
                isQuoted = true
                place = .quoted
            } else {
                field.append(byte)
                place = .plain
            }
        case .quoted:
            if byte == UInt8(ascii: "\"") { place = .afterQuote } else { field.append(byte) }
        case .afterQuote:
            if byte == UInt8(ascii: "\"") {
                field.append(byte)
                place = .quoted
            } else if byte == delimiter {
                endField()
            } else {
                throw CSVError(what: "text follows a closing quote", line: line)
            }
        }
        return nil
    }

    private mutating func endField() {
        fields.append(CSVField(text: String(decoding: field, as: UTF8.self), isQuoted: isQuoted))
        field.removeAll(keepingCapacity: true)
        isQuoted = false
        place = .start
    }

    private mutating func endRecord() -> CSVRecord {
        endField()
        let record = CSVRecord(
            fields: fields, line: startLine, raw: String(decoding: raw, as: UTF8.self))
        fields = []
        raw.removeAll(keepingCapacity: true)
        startLine = line
        return record
    }
}
