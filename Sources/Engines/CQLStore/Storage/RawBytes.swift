// A growing piece of memory for keys and rows, without reference counting.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Bytes that are built once and handed to RocksDB. One owner; freed with it, or given away.
///
/// Keys and rows of the write path are built in two of these that are cleared and filled again for
/// each row, so that a write allocates nothing.
struct RawBytes: ~Copyable {
    private(set) var count = 0
    private var capacity: Int
    private var start: UnsafeMutableRawPointer

    init(capacity: Int = 256) {
        self.capacity = max(capacity, 16)
        start = .allocate(byteCount: self.capacity, alignment: 1)
    }

    deinit { start.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    mutating func clear() { count = 0 }

    /// Makes room, so that pointers into what is appended next stay valid up to that count.
    mutating func reserve(_ count: Int) { if self.count + count > capacity { grow(by: count) } }

    /// Forgets what stands behind the first `count` bytes.
    mutating func truncate(to count: Int) { self.count = min(count, self.count) }

    private mutating func grow(by more: Int) {
        var next = capacity
        while next < count + more { next *= 2 }
        let moved = UnsafeMutableRawPointer.allocate(byteCount: next, alignment: 1)
        moved.copyMemory(from: start, byteCount: count)
        start.deallocate()
        (start, capacity) = (moved, next)
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        if count == capacity { grow(by: 1) }
        start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(__always)
    mutating func append(_ more: UnsafeRawBufferPointer) {
        guard let base = more.baseAddress, more.count > 0 else { return }
        if count + more.count > capacity { grow(by: more.count) }
        (start + count).copyMemory(from: base, byteCount: more.count)
        count += more.count
    }

    mutating func append(_ more: [UInt8]) { more.withUnsafeBytes { append($0) } }

    @inline(__always)
    mutating func appendLittle<Value: FixedWidthInteger>(_ value: Value) {
        if count + MemoryLayout<Value>.size > capacity { grow(by: MemoryLayout<Value>.size) }
        (start + count).storeBytes(of: value.littleEndian, as: Value.self)
        count += MemoryLayout<Value>.size
    }

    @inline(__always)
    mutating func appendBig<Value: FixedWidthInteger>(_ value: Value) {
        if count + MemoryLayout<Value>.size > capacity { grow(by: MemoryLayout<Value>.size) }
        (start + count).storeBytes(of: value.bigEndian, as: Value.self)
        count += MemoryLayout<Value>.size
    }

    /// A length of 7 bits a byte, the lowest first.
    @inline(__always)
    mutating func appendLength(_ value: Int) {
        var rest = UInt(value)
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    /// An unsigned vint: leading one bits say how many bytes follow (native_protocol_v5.spec,
    /// section 3).
    mutating func appendVint(_ value: UInt64) {
        let bits = 64 - value.leadingZeroBitCount
        let extra = min(max(bits - 1, 0) / 7, 8)
        if extra == 8 {
            append(UInt8.max)
        } else {
            let marks = ~(UInt64(0xFF) >> UInt64(extra)) & 0xFF
            append(UInt8(truncatingIfNeeded: marks | value >> UInt64(8 * extra)))
        }
        for place in (0..<extra).reversed() {
            append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place)))
        }
    }

    mutating func set(_ byte: UInt8, at index: Int) {
        precondition(index < count, "byte \(index) of \(count)")
        start.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    }

    /// Inverts all bits from `index` on: a descending key.
    mutating func invert(from index: Int) {
        for place in index..<count {
            let byte = start.load(fromByteOffset: place, as: UInt8.self)
            start.storeBytes(of: ~byte, toByteOffset: place, as: UInt8.self)
        }
    }

    var array: [UInt8] { Array(bytes) }
}

extension UnsafeRawBufferPointer {
    /// Compares as unsigned bytes, a prefix before what it begins.
    @inline(__always)
    func isLess(than other: UnsafeRawBufferPointer) -> Bool { compare(other) < 0 }

    /// Negative, zero or positive, as `memcmp`.
    @inline(__always)
    func compare(_ other: UnsafeRawBufferPointer) -> Int {
        let common = Swift.min(count, other.count)
        if common > 0, let a = baseAddress, let b = other.baseAddress {
            let order = memcmp(a, b, common)
            if order != 0 { return Int(order) }
        }
        return count - other.count
    }

    @inline(__always)
    func big<Value: FixedWidthInteger>(_ offset: Int = 0, as type: Value.Type = Value.self) -> Value
    {
        Value(bigEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    @inline(__always)
    func little<Value: FixedWidthInteger>(
        _ offset: Int = 0, as type: Value.Type = Value.self
    ) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    @inline(__always)
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { .init(rebasing: self[range]) }
}

extension Array where Element == UInt8 {
    /// Compares as unsigned bytes.
    func isLess(than other: [UInt8]) -> Bool {
        withUnsafeBytes { a in other.withUnsafeBytes { b in a.isLess(than: b) } }
    }
}
