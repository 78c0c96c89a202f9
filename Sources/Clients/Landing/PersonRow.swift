// A person to land, packed: all columns in one run of bytes.

import Foundation

/// The columns of `users`, and what the topic shall carry. Many people may share one piece of
/// memory (a staged page), so that landing them copies and allocates nothing.
///
/// Shape: for each column its end, counted from the first column's start (4 bytes, little endian),
/// then the columns one after the other. All but `value` are UTF-8 without NUL.
package struct PersonRow: Sendable {
    /// In the order of the bytes, which is the order of the table too.
    package enum Column: Int, CaseIterable, Sendable {
        /// The UUID's text in lower case; the table's key and the record's key.
        case id
        case firstName, lastName, gender, address, postCode, email, username, dob, registeredDate
        case phone, picture, nationality, title
        /// The source's record without secrets. Equal bytes mean an unchanged person.
        case raw
        /// The value of the topic's record.
        case value
    }

    /// Bytes before the first column.
    private static let headBytes = Column.allCases.count * 4

    private let memory: [UInt8]
    private let range: Range<Int>

    /// The row in this part of `memory`, which it goes on sharing.
    ///
    /// - Returns: `nil` for bytes that are no packed row.
    package init?(sharing memory: [UInt8], at range: Range<Int>) {
        guard range.count >= Self.headBytes, memory.indices.contains(range) else { return nil }
        let isWhole = memory.withUnsafeBytes { bytes in
            var before: UInt32 = 0
            for column in Column.allCases {
                let end = Self.end(of: column.rawValue, in: bytes, at: range.lowerBound)
                guard end >= before else { return false }
                before = end
            }
            return Int(before) == range.count - Self.headBytes
        }
        guard isWhole else { return nil }
        self.memory = memory
        self.range = range
    }

    package init(
        id: String, firstName: String, lastName: String, gender: String, address: String,
        postCode: String, email: String, username: String, dob: String, registeredDate: String,
        phone: String, picture: String, nationality: String, title: String, raw: [UInt8],
        value: [UInt8]
    ) {
        // The topic's value holds the columns too, so they take less room than it.
        var packing = Packing(roomFor: raw.count + value.count * 2)
        packing.add(id)
        packing.add(firstName)
        packing.add(lastName)
        packing.add(gender)
        packing.add(address)
        packing.add(postCode)
        packing.add(email)
        packing.add(username)
        packing.add(dob)
        packing.add(registeredDate)
        packing.add(phone)
        packing.add(picture)
        packing.add(nationality)
        packing.add(title)
        raw.withUnsafeBytes { packing.add($0) }
        value.withUnsafeBytes { packing.add($0) }
        self.init(packing)
    }

    private init(_ packing: Packing) {
        memory = packing.bytes
        range = packing.bytes.indices
    }

    /// The same person with one column changed.
    package func replacing(_ changed: Column, by bytes: some Collection<UInt8>) -> PersonRow {
        var packing = Packing(roomFor: range.count + bytes.count)
        for column in Column.allCases {
            let bytes = column == changed ? Array(bytes) : Array(self[column])
            bytes.withUnsafeBytes { packing.add($0) }
        }
        return PersonRow(packing)
    }

    /// The row as it is kept on disk.
    package var packed: ArraySlice<UInt8> { memory[range] }

    package subscript(column: Column) -> ArraySlice<UInt8> {
        memory.withUnsafeBytes { bytes in
            let first = range.lowerBound + Self.headBytes
            let lower =
                column.rawValue == 0
                ? 0 : Self.end(of: column.rawValue - 1, in: bytes, at: range.lowerBound)
            let upper = Self.end(of: column.rawValue, in: bytes, at: range.lowerBound)
            return first + Int(lower)..<first + Int(upper)
        }.slice(of: memory)
    }

    package func text(_ column: Column) -> String { String(decoding: self[column], as: UTF8.self) }

    package var id: String { text(.id) }
    package var gender: String { text(.gender) }
    package var title: String { text(.title) }
    package var raw: [UInt8] { Array(self[.raw]) }
    package var value: [UInt8] { Array(self[.value]) }

    /// Lends the columns' bytes for the time of `body`.
    func withColumns<Value>(_ body: (PersonColumns) throws -> Value) rethrows -> Value {
        try memory.withUnsafeBytes { bytes in
            // The ends were checked, or written, when this row was made, and neither the memory
            // nor the range of a row can change: every column lies within `bytes`.
            try body(
                PersonColumns(
                    head: UnsafeRawBufferPointer(rebasing: bytes[range]), headBytes: Self.headBytes)
            )
        }
    }

    private static func end(
        of column: Int, in bytes: UnsafeRawBufferPointer, at start: Int
    ) -> UInt32 {
        UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: start + column * 4, as: UInt32.self))
    }

    /// A row being written.
    private struct Packing {
        var bytes: [UInt8]
        private var column = 0

        init(roomFor count: Int) {
            bytes = []
            bytes.reserveCapacity(PersonRow.headBytes + count)
            bytes.append(contentsOf: repeatElement(0, count: PersonRow.headBytes))
        }

        mutating func add(_ text: String) {
            var text = text
            text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
        }

        /// The next column. Sources bound their records to some MiB, so an end fits in 4 bytes.
        mutating func add(_ text: UnsafeRawBufferPointer) {
            bytes.append(contentsOf: text)
            let end = UInt32(clamping: bytes.count - PersonRow.headBytes)
            let place = column * 4
            bytes.withUnsafeMutableBytes {
                $0.storeBytes(of: end.littleEndian, toByteOffset: place, as: UInt32.self)
            }
            column += 1
        }
    }
}

extension PersonRow: Equatable {
    package static func == (a: PersonRow, b: PersonRow) -> Bool {
        a.memory.withUnsafeBytes { mine in
            b.memory.withUnsafeBytes { others in
                UnsafeRawBufferPointer(rebasing: mine[a.range]).hasBytes(
                    UnsafeRawBufferPointer(rebasing: others[b.range]))
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the two hold the same bytes.
    func hasBytes(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let mine = baseAddress, let others = other.baseAddress else { return true }
        // Both hold `count` bytes.
        return memcmp(mine, others, count) == 0
    }
}

extension Range<Int> {
    fileprivate func slice(of bytes: [UInt8]) -> ArraySlice<UInt8> { bytes[self] }
}

/// The bytes of a row, lent by `PersonRow.withColumns`.
struct PersonColumns {
    fileprivate let head: UnsafeRawBufferPointer
    fileprivate let headBytes: Int

    /// Never without an address, not even when it is empty.
    subscript(column: PersonRow.Column) -> UnsafeRawBufferPointer {
        let index = column.rawValue
        let lower = index == 0 ? 0 : end(index - 1)
        return UnsafeRawBufferPointer(rebasing: head[headBytes + lower..<headBytes + end(index)])
    }

    private func end(_ column: Int) -> Int {
        Int(
            UInt32(littleEndian: head.loadUnaligned(fromByteOffset: column * 4, as: UInt32.self)))
    }
}
