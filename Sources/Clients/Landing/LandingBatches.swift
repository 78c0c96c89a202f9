// What both databases do alike before a row reaches them.

extension PersonRow {
    /// The last of each id; the ids keep the order in which they came first.
    static func withoutRepetitions(_ people: ArraySlice<PersonRow>) -> [PersonRow] {
        var places: [String: Int] = [:]
        places.reserveCapacity(people.count)
        var kept: [PersonRow] = []
        kept.reserveCapacity(people.count)
        for person in people {
            if let place = places[person.id] {
                kept[place] = person
            } else {
                places[person.id] = kept.count
                kept.append(person)
            }
        }
        return kept
    }

    /// Pieces of one transaction each.
    static func transactions(_ people: [PersonRow]) -> [ArraySlice<PersonRow>] {
        let size = LandingLimits.peoplePerTransactionMax
        return stride(from: 0, to: people.count, by: size).map {
            people[$0..<min($0 + size, people.count)]
        }
    }
}

extension RejectedRow {
    /// The record's key in the dead-letter topic: one that no two rejections share.
    func key(run: String) -> [UInt8] { Array("\(run)/\(page)/\(index)".utf8) }

    func headers(run: String) -> [OutboxHeader] {
        [
            OutboxHeader("reason", Array(reason.utf8)), OutboxHeader("run", Array(run.utf8)),
            OutboxHeader("page", Array(String(page).utf8)),
            OutboxHeader("index", Array(String(index).utf8)),
        ]
    }
}

/// Sequences as ranges without gaps, so that one statement deletes many and nothing else.
func sequenceRanges(_ sequences: [Int64]) -> [ClosedRange<Int64>] {
    var ranges: [ClosedRange<Int64>] = []
    for sequence in sequences.sorted() {
        if let last = ranges.last, sequence <= last.upperBound + 1 {
            ranges[ranges.count - 1] = last.lowerBound...max(sequence, last.upperBound)
        } else {
            ranges.append(sequence...sequence)
        }
    }
    return ranges
}
