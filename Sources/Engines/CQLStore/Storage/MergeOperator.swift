// RocksDB's merge operator: lets every write be blind, since rows are joined when they are read.

import CRocksDB

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Gives RocksDB the rule of `Reconcile`.
///
/// Why merging and not reading before writing: an INSERT then costs one append to the log and one
/// entry in memory, whatever is stored already; a read would cost a look-up in every level and a
/// lock
/// for each row. A value that was written once costs a copy when it is read.
///
/// The callbacks run on RocksDB's threads; they share nothing and hold no lock.
enum MergeOperator {
    /// The name is part of the stored format: RocksDB refuses to open with another one.
    private static let name: StaticString = "millrace.cql.row.1"

    static func make() -> OpaquePointer? {
        rocksdb_mergeoperator_create(
            nil, { _ in },
            { _, _, _, existing, existingCount, operands, counts, count, success, newCount in
                MergeOperator.merge(
                    existing, existingCount, operands, counts, count, success, newCount)
            },
            { _, _, _, operands, counts, count, success, newCount in
                MergeOperator.merge(nil, 0, operands, counts, count, success, newCount)
            },
            { _, value, _ in free(UnsafeMutableRawPointer(mutating: value)) },
            { _ in
                UnsafeRawPointer(MergeOperator.name.utf8Start).assumingMemoryBound(to: CChar.self)
            }
        )
    }

    private static func merge(
        _ existing: UnsafePointer<CChar>?, _ existingCount: Int,
        _ operands: UnsafePointer<UnsafePointer<CChar>?>?, _ counts: UnsafePointer<Int>?,
        _ count: Int32, _ success: UnsafeMutablePointer<UInt8>?,
        _ newCount: UnsafeMutablePointer<Int>?
    ) -> UnsafeMutablePointer<CChar>? {
        success?.pointee = 0
        newCount?.pointee = 0
        guard let operands, let counts else { return nil }
        if count == 1, existing == nil {
            return copied(
                UnsafeRawBufferPointer(start: operands[0], count: counts[0]), success, newCount)
        }
        var parts = (0..<Int(count)).map {
            UnsafeRawBufferPointer(start: operands[$0], count: counts[$0])
        }
        if let existing {
            parts.insert(UnsafeRawBufferPointer(start: existing, count: existingCount), at: 0)
        }
        guard parts.count <= sequentialMax else {
            guard let joined = balanced(parts) else { return nil }
            return copied(joined.bytes.bytes, success, newCount)
        }
        guard let first = parts.first else { return nil }
        var result = RawBytes(capacity: first.count + 64)
        result.append(first)
        var next = RawBytes(capacity: first.count + 64)
        for part in parts.dropFirst() {
            next.clear()
            guard Reconcile.join(result.bytes, part, into: &next) else { return nil }
            swap(&result, &next)
        }
        return copied(result.bytes, success, newCount)
    }

    /// Up to so many parts are joined one after the other.
    private static let sequentialMax = 4

    private final class Piece {
        var bytes: RawBytes
        init(_ bytes: consuming RawBytes) { self.bytes = bytes }
    }

    /// Joins neighbours until one is left: each byte is copied log n times, not n.
    private static func balanced(_ parts: [UnsafeRawBufferPointer]) -> Piece? {
        var pieces: [Piece] = []
        pieces.reserveCapacity(parts.count / 2 + 1)
        for index in stride(from: 0, to: parts.count, by: 2) {
            var bytes = RawBytes(capacity: parts[index].count + 64)
            if index + 1 == parts.count {
                bytes.append(parts[index])
            } else {
                guard Reconcile.join(parts[index], parts[index + 1], into: &bytes) else {
                    return nil
                }
            }
            pieces.append(Piece(bytes))
        }
        while pieces.count > 1 {
            var joined: [Piece] = []
            joined.reserveCapacity(pieces.count / 2 + 1)
            for index in stride(from: 0, to: pieces.count, by: 2) {
                guard index + 1 < pieces.count else {
                    joined.append(pieces[index])
                    continue
                }
                let (left, right) = (pieces[index], pieces[index + 1])
                var bytes = RawBytes(capacity: left.bytes.count + right.bytes.count)
                guard Reconcile.join(left.bytes.bytes, right.bytes.bytes, into: &bytes) else {
                    return nil
                }
                joined.append(Piece(bytes))
            }
            pieces = joined
        }
        return pieces.first
    }

    /// Memory that RocksDB gives back through the operator's own `free`.
    private static func copied(
        _ bytes: UnsafeRawBufferPointer, _ success: UnsafeMutablePointer<UInt8>?,
        _ newCount: UnsafeMutablePointer<Int>?
    ) -> UnsafeMutablePointer<CChar>? {
        guard let copy = malloc(max(bytes.count, 1)) else { return nil }
        if let source = bytes.baseAddress { memcpy(copy, source, bytes.count) }
        success?.pointee = 1
        newCount?.pointee = bytes.count
        return copy.assumingMemoryBound(to: CChar.self)
    }
}
