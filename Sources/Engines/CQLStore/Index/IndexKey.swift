// Where an entry of a secondary index stands in RocksDB.

import CQLProtocol

/// The layout of an entry's key:
///
///     ┌───────────┬─────────────────────┬──────────────────────────────────────────────
///     │ index u32 │ value               │ the base row's key without its table:
///     │           │ (`OrderedEncoding`) │ token, partition key, kind, clustering
///     └───────────┴─────────────────────┴──────────────────────────────────────────────
///
/// Of an entry for a whole partition the kind is the static row's, and no clustering follows. The
/// entry's value is where the base row's key begins (u32, big endian). `index` is a storage id: it is
/// never used again. Entries of one value stand in the order of a scan over the base table.
///
/// An entry says that a row may hold the value. It is written with the row, blindly, and never when
/// the value goes: whoever reads it looks at the row.
enum IndexKey {
    /// The bytes in front of the base row's key in the table's family.
    static let tableBytes = 4

    static func appendIndex(_ index: UInt32, to out: inout RawBytes) { out.appendBig(index) }

    /// Appends one component of the value.
    static func append(
        _ bytes: UnsafeRawBufferPointer, _ type: CQLType, _ analyzer: TextAnalyzer?,
        to out: inout RawBytes
    ) {
        guard let analyzer else {
            OrderedEncoding.append(bytes, type: type, descending: false, to: &out)
            return
        }
        analyzer.analyzed(bytes).withUnsafeBytes {
            OrderedEncoding.append($0, type: type, descending: false, to: &out)
        }
    }

    /// The base row's key without its table; `nil` for a damaged entry.
    static func place(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        guard value.count == 4 else { return nil }
        let start = Int(value.big(as: UInt32.self))
        guard start >= 4, start < key.count else { return nil }
        return key.part(start..<key.count)
    }
}
