// What both databases do alike before a row reaches them.

extension PeoplePage {
    /// Pages in pieces of one transaction each, by the limit of rows. A page that is too long is
    /// cut; each piece says which page it is of.
    static func transactions(_ pages: [PeoplePage]) -> [[Piece]] {
        let limit = LandingLimits.peoplePerTransactionMax
        var transactions: [[Piece]] = []
        var room = 0
        for (page, content) in pages.enumerated() {
            var start = 0
            while start < content.people.count {
                if room == 0 {
                    transactions.append([])
                    room = limit
                }
                let end = min(content.people.count, start + room)
                transactions[transactions.count - 1].append(
                    Piece(
                        page: page, people: content.people[start..<end],
                        fetchedAtMilliseconds: content.fetchedAtMilliseconds))
                room -= end - start
                start = end
            }
        }
        return transactions
    }

    /// People of one page in one transaction.
    struct Piece: Sendable {
        /// The index of the page in the call.
        var page: Int
        var people: ArraySlice<PersonRow>
        var fetchedAtMilliseconds: Int64
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
    let isRising = zip(sequences, sequences.dropFirst()).allSatisfy { $0 <= $1 }
    for sequence in isRising ? sequences : sequences.sorted() {
        if let last = ranges.last, sequence <= last.upperBound + 1 {
            ranges[ranges.count - 1] = last.lowerBound...max(sequence, last.upperBound)
        } else {
            ranges.append(sequence...sequence)
        }
    }
    return ranges
}
