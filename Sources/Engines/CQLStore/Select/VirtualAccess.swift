// SELECT of a table whose rows are made up when they are asked for.

import CQLProtocol

extension SelectRun {
    /// A row of a virtual table with the bytes it would be stored under.
    private struct VirtualRow {
        var token: Int64
        var partition: [UInt8]
        var clustering: [UInt8]
        var cells: [[UInt8]?]
    }

    /// - Parameter all: one value for each column, in the table's order.
    func read(virtual all: [[[UInt8]?]]) throws(StatementError) -> CQLResult {
        let table = plan.table
        let first = table.partitionKey.count
        var found: [VirtualRow] = []
        for cells in all {
            var key = RawBytes()
            PartitionKey.append(table.partitionKey.indices.map { cells[$0] ?? [] }, to: &key)
            var clustering: [UInt8] = []
            for (index, column) in table.clustering.enumerated() {
                clustering += KeyBuilder.component(cells[first + index] ?? [], column)
            }
            found.append(
                VirtualRow(
                    token: StorageKey.token(of: key.bytes), partition: key.array,
                    clustering: clustering, cells: cells))
        }
        for rows in try partitions(found) {
            beginPartition()
            for row in plan.reversed ? rows.reversed() : rows {
                view.load(virtual: row.cells)
                row.partition.withUnsafeBytes { view.setVirtualPartition($0) }
                let verdict = try row.clustering.withUnsafeBufferPointer {
                    bytes throws(StatementError) in try take(UnsafeRawBufferPointer(bytes))
                }
                if verdict == .stop { return try finish() }
                if verdict == .endPartition { break }
            }
        }
        return try finish()
    }

    /// The partitions that are asked for, in their order, each with its rows in clustering order.
    private func partitions(_ all: [VirtualRow]) throws(StatementError) -> [[VirtualRow]] {
        guard let bounds = try tokenBounds() else { return [] }
        let inBounds = all.filter { row in
            row.token >= bounds.0 && bounds.1.map { row.token < $0 } ?? true
        }
        let grouped = Dictionary(grouping: inBounds, by: \.partition).mapValues { rows in
            rows.sorted { $0.clustering.isLess(than: $1.clustering) }
        }
        if let partition = plan.restrictions.partition {
            return try KeyBuilder.partitionKeys(partition, plan.table, values, context)
                .compactMap { grouped[$0] }
        }
        return grouped.values.sorted { a, b in
            let (a, b) = (a[0], b[0])
            return a.token == b.token
                ? a.partition.isLess(than: b.partition) : a.token < b.token
        }
    }
}
