// Which rows are written again and again, so that their parts are joined before they are many.

/// Counts what was merged into rows since they were last whole. Small and forgetful: of two rows
/// that share a place the one that is written more often stays.
///
/// Why: a read joins all that was merged into its row. RocksDB's own remedy,
/// `max_successive_merges`, looks into memory at every write and rewrites a row of any size after a
/// fixed number of writes. Here a row is rewritten once the parts are a share of its size, so that
/// n appends to a growing collection cost n and not n².
struct HotRows {
    private struct Place {
        var hash: UInt64 = 0
        var operands: UInt32 = 0
        var operandBytes: UInt32 = 0
        /// Of the whole row when it was last put together.
        var rowBytes: UInt32 = 0
    }

    private var places = [Place](repeating: Place(), count: StoreLimits.hotRowPlaces)

    /// Notes one merge.
    ///
    /// - Returns: whether the row should be put together.
    mutating func note(_ key: UnsafeRawBufferPointer, bytes: Int) -> Bool {
        let hash = Self.hash(key)
        let index = Int(truncatingIfNeeded: hash) & (StoreLimits.hotRowPlaces - 1)
        guard places[index].hash == hash else {
            if places[index].operands > 1 {
                places[index].operands -= 1
            } else {
                places[index] = Place(
                    hash: hash, operands: 1, operandBytes: UInt32(clamping: bytes))
            }
            return false
        }
        places[index].operands += 1
        places[index].operandBytes = UInt32(clamping: Int(places[index].operandBytes) + bytes)
        return places[index].operands >= StoreLimits.hotRowMergesMin
            && Int(places[index].operandBytes)
                >= Int(places[index].rowBytes) / StoreLimits.hotRowShare
    }

    /// The row is one value again.
    mutating func joined(_ key: UnsafeRawBufferPointer, rowBytes: Int) {
        let hash = Self.hash(key)
        let index = Int(truncatingIfNeeded: hash) & (StoreLimits.hotRowPlaces - 1)
        guard places[index].hash == hash else { return }
        places[index] = Place(hash: hash, operands: 1, rowBytes: UInt32(clamping: rowBytes))
    }

    /// Eight bytes at a time; only has to be spread well.
    private static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
        var hash = UInt64(key.count) &* factor
        var at = 0
        while at + 8 <= key.count {
            hash = (hash ^ key.little(at)) &* factor
            hash ^= hash >> 29
            at += 8
        }
        while at < key.count {
            hash = (hash ^ UInt64(key[at])) &* factor
            at += 1
        }
        return hash ^ hash >> 32
    }
}
