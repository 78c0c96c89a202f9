// A batch on its way from the source to the sink.

/// A row that goes to the dead letters.
package struct Rejection: Sendable, Equatable {
    /// Which of the batch's records.
    package var row: Int
    /// Why, without any data: "email is missing".
    package var reason: String

    package init(row: Int, reason: String) {
        self.row = row
        self.reason = reason
    }
}

/// Columns over the records of one batch, and which of its rows are still in it.
package struct RowBatch: Sendable {
    package let source: SourceRows
    /// Bytes of texts that are not in the records as they are: unescaped, joined, made from
    /// numbers.
    package var arena: [UInt8] = []
    package var columns: [ColumnVector] = []
    /// The rows that are still in the batch, in rising order.
    package var selection: [Int32]
    package private(set) var rejections: [Rejection] = []

    package init(_ source: SourceRows) {
        self.source = source
        selection = Array(0..<Int32(source.rows.count))
    }

    package var rowCount: Int { source.rows.count }

    /// Takes rows out of the batch, for the dead letters.
    package mutating func reject(_ rejected: [Rejection]) {
        guard !rejected.isEmpty else { return }
        let rows = Set(rejected.map { Int32($0.row) })
        selection.removeAll { rows.contains($0) }
        rejections.append(contentsOf: rejected)
    }

    func withMemory<Value>(_ body: (BatchMemory) -> Value) -> Value {
        source.bytes.withUnsafeBufferPointer { records in
            arena.withUnsafeBufferPointer { arena in
                // An empty array may have no address; a text of length 0 is never read there.
                let nowhere = UnsafePointer<UInt8>(bitPattern: 8)
                guard let first = records.baseAddress ?? nowhere,
                    let second = arena.baseAddress ?? nowhere
                else { preconditionFailure("address 8 is not null") }
                return body(BatchMemory(records: first, arena: second))
            }
        }
    }

    /// The bytes of a text, copied; for tests, dead letters and functions that are rarely used.
    package func bytes(_ cell: TextCell) -> ArraySlice<UInt8> {
        let range = cell.start..<(cell.start + cell.length)
        return cell.isInArena ? arena[range] : source.bytes[range]
    }

    package func text(_ cell: TextCell) -> String {
        String(decoding: bytes(cell), as: UTF8.self)
    }

    /// Puts bytes into the arena. Places given before stay valid.
    package mutating func store(_ bytes: some Sequence<UInt8>) -> TextCell {
        let start = arena.count
        arena.append(contentsOf: bytes)
        return TextCell(start: start, length: arena.count - start, inArena: true)
    }
}
