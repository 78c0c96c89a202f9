// A person's key as a number: half the bytes of its text in an index, and quick to compare.

/// The 128 bits of a UUID.
struct PersonKey: Hashable {
    let high: UInt64
    let low: UInt64

    /// - Returns: `nil` for what is no UUID in lower case, of 8-4-4-4-12 digits.
    init?(uuid text: UnsafeRawBufferPointer) {
        guard text.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (index, byte) in text.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if digits < 16 {
                halves.0 = halves.0 << 4 | UInt64(digit)
            } else {
                halves.1 = halves.1 << 4 | UInt64(digit)
            }
            digits += 1
        }
        (high, low) = halves
    }

    /// Writes the 16 bytes in their usual order.
    func write(to bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
        bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }

    static let byteCount = 16
}

/// A person with its key, on its way into one transaction.
struct KeyedPerson {
    let key: PersonKey
    let row: PersonRow
}

extension KeyedPerson {
    /// The last of each id; the ids keep the order in which they came first.
    ///
    /// - Throws: `.refused` for an id that is no UUID.
    static func withoutRepetitions(
        _ people: ArraySlice<PersonRow>
    ) throws(LandingError) -> [KeyedPerson] {
        var places: [PersonKey: Int] = [:]
        places.reserveCapacity(people.count)
        var kept: [KeyedPerson] = []
        kept.reserveCapacity(people.count)
        for row in people {
            guard let key = row.withColumns({ PersonKey(uuid: $0[.id]) }) else {
                throw .refused("\(row.id) is no UUID in lower case")
            }
            if let place = places.updateValue(kept.count, forKey: key) {
                places[key] = place
                kept[place] = KeyedPerson(key: key, row: row)
            } else {
                kept.append(KeyedPerson(key: key, row: row))
            }
        }
        return kept
    }
}
