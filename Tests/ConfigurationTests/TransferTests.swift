// The parts of `millrace store export|import` that need no store.

import Testing

@testable import Millrace

@Suite("Tables to and from files")
struct TransferTests {
    private func read(_ text: String, pieces: Int = 1_000_000) throws -> [CSVRecord] {
        var reader = CSVReader()
        var records: [CSVRecord] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            records += try reader.add(bytes[start..<min(start + pieces, bytes.count)])
        }
        if let last = try reader.finish() { records.append(last) }
        return records
    }

    /// Method: any fields, written and read in pieces of any size.
    @Test(arguments: [1, 2, 3, 7, 1_000])
    func csvGoesRound(pieces: Int) throws {
        let rows: [[String?]] = [
            ["a", "b"], [nil, ""], ["", nil], ["with,comma", "with \"quotes\""],
            ["two\nlines\r\n", " blanks "], ["ü😀", "0x00"], [nil, nil],
        ]
        var out: [UInt8] = []
        for row in rows { CSVWriter().append(row, to: &out) }
        let records = try read(String(decoding: out, as: UTF8.self), pieces: pieces)
        #expect(records.map { $0.fields.map { $0.isNull ? nil : $0.text } } == rows)
        #expect(records.map(\.line) == [1, 2, 3, 4, 5, 8, 9])
    }

    @Test func aSingleNullIsARecord() throws {
        var out: [UInt8] = []
        CSVWriter().append([nil], to: &out)
        CSVWriter().append([""], to: &out)
        let records = try read(String(decoding: out, as: UTF8.self))
        #expect(records.count == 2)
        #expect(records[1].fields == [CSVField(text: "", isQuoted: true)])
    }

    @Test func readsOthersCSV() throws {
        let records = try read("a;b\r\n\r\n\"x\"\"y\",z\r\nlast,line")
        #expect(
            records.map { $0.fields.map(\.text) } == [["a;b"], ["x\"y", "z"], ["last", "line"]])
        #expect(records.map(\.raw) == ["a;b", "\"x\"\"y\",z", "last,line"])
    }

    @Test(arguments: [("a\"b", 1), ("ok\n\"open", 2), ("\"a\"b", 1), ("x\n\n\"a\nb", 3)])
    func refusesCSV(text: String, line: Int) {
        let error = #expect(throws: CSVError.self) { try read(text) }
        #expect(error?.line == line)
    }

    @Test func refusesARecordWithoutEnd() {
        var reader = CSVReader(recordBytesMax: 10)
        #expect(throws: CSVError.self) { try reader.add("\"aaaaaaaaaaaaaaaaaaaa".utf8) }
    }

    /// Goal: the ranges cover the ring once, without a gap.
    @Test(arguments: [1, 2, 3, 128, 1_000])
    func rangesCoverTheRing(count: Int) {
        let ranges = TokenRange.all(count)
        #expect(ranges.count == count)
        #expect(ranges.first?.start == .min && ranges.last?.end == .max)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.end == $1.start })
        #expect(ranges.allSatisfy { $0.start < $0.end })
    }

    @Test func writesStatements() {
        let table = TableColumns(
            keyspace: "Shop", table: "orders",
            columns: [
                .init(name: "a", kind: .partitionKey, position: 0, type: "int"),
                .init(name: "B", kind: .partitionKey, position: 1, type: "int"),
                .init(name: "n", kind: .regular, position: -1, type: "counter"),
            ])
        #expect(table.isCounters)
        #expect(
            table.selectRange(table.columns)
                == "SELECT a, \"B\", n FROM \"Shop\".orders "
                + "WHERE token(a, \"B\") > ? AND token(a, \"B\") <= ?")
        #expect(
            table.addCounters(table.columns)
                == "UPDATE \"Shop\".orders SET n = n + ? WHERE a = ? AND \"B\" = ?")
        #expect(
            table.insert(table.columns, ttl: 5)
                == "INSERT INTO \"Shop\".orders (a, \"B\", n) VALUES (?, ?, ?) USING TTL 5")
    }

    @Test(arguments: [
        ("ks.t", "ks", "t"), ("KS.T", "ks", "t"), ("\"Ks\".\"T.x\"", "Ks", "T.x"),
    ])
    func readsTableNames(text: String, keyspace: String, table: String) throws {
        let name = try StoreAccess.table(text)
        #expect(name.keyspace == keyspace && name.table == table)
    }

    @Test(arguments: ["t", "a.b.c", "", "ks.", "'ks'.t"])
    func refusesTableNames(text: String) {
        #expect(throws: (any Error).self) { try StoreAccess.table(text) }
    }
}
