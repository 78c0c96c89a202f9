// The token of a partition key, as Cassandra's Murmur3Partitioner makes it.

import CHash
import CQLProtocol

package enum PartitionToken {
    package static let partitioner = "org.apache.cassandra.dht.Murmur3Partitioner"

    /// The token of a key's bytes, several columns composed as `composed` does it.
    package static func of(_ key: some Sequence<UInt8>) -> Int64 {
        let bytes = Array(key)
        return bytes.withUnsafeBytes { chash_cassandra_token($0.baseAddress, $0.count) }
    }

    /// The token of the key that these cells bind; `nil` when one is null, unset or too long.
    static func of(_ cells: CellList, keyAt indexes: [UInt16]) -> Int64? {
        guard indexes.allSatisfy({ Int($0) < cells.count }) else { return nil }
        return of(keyAt: indexes) { index, body in cells.withBytes(of: index, body) }
    }

    /// The same of cells that stand one behind the other.
    static func of(
        _ bytes: UnsafeRawBufferPointer, _ cells: [Range<Int>?], keyAt indexes: [UInt16]
    ) -> Int64? {
        guard indexes.allSatisfy({ Int($0) < cells.count }) else { return nil }
        return of(keyAt: indexes) { index, body in
            body(cells[index].map { UnsafeRawBufferPointer(rebasing: bytes[$0]) })
        }
    }

    /// One column's bytes are the key; of several each is preceded by its length (16 bits) and
    /// followed by a zero. Source: db.marshal.CompositeType.
    private static func of(
        keyAt indexes: [UInt16],
        _ withCell: (Int, (UnsafeRawBufferPointer?) -> Int64?) -> Int64?
    ) -> Int64? {
        guard let first = indexes.first else { return nil }
        if indexes.count == 1 {
            return withCell(Int(first)) { bytes in
                bytes.map { chash_cassandra_token($0.baseAddress, $0.count) }
            }
        }
        var key: [UInt8] = []
        for index in indexes {
            let length = withCell(Int(index)) { bytes in
                guard let bytes, let length = UInt16(exactly: bytes.count) else { return nil }
                key.append(UInt8(length >> 8))
                key.append(UInt8(length & 0xFF))
                key.append(contentsOf: bytes)
                key.append(0)
                return Int64(length)
            }
            if length == nil { return nil }
        }
        return of(key)
    }
}
