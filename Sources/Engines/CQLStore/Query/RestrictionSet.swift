// Relations joined by the columns they restrict, as far as they may stand together.
// Source: Cassandra's RestrictionSet, SingleColumnRestriction and MultiColumnRestriction.

import CQLProtocol

/// What one or more relations say about one column, or about several as one.
struct Restriction: Sendable {
    enum Test: Sendable {
        case equal(TupleValue)
        /// Of one column, or `.tuples` of several.
        case isIn(ValueSource)
        case slice(lower: TupleBound?, upper: TupleBound?)
        case contains([Filter.Test])
    }

    /// Consecutive for several.
    var slots: [Int]
    var columns: [Column]
    /// Written as a relation of several columns; there may be just one in its brackets.
    var isTuple: Bool
    var test: Test

    var isSlice: Bool { if case .slice = test { true } else { false } }
    var isContains: Bool { if case .contains = test { true } else { false } }
    var firstSlot: Int { slots[0] }

    fileprivate var names: String { columns.map(\.name).joined(separator: ", ") }
}

struct RestrictionSet: Sendable {
    /// By their first columns; no two of them share a column.
    private(set) var all: [Restriction] = []

    var isEmpty: Bool { all.isEmpty }
    var last: Restriction? { all.last }

    mutating func add(_ restriction: Restriction) throws(StatementError) {
        var joined = restriction
        for known in all where known.slots.contains(where: restriction.slots.contains) {
            joined = try Self.join(known, joined)
        }
        all.removeAll { $0.slots.contains(where: joined.slots.contains) }
        let place = all.firstIndex { $0.firstSlot > joined.firstSlot } ?? all.count
        all.insert(joined, at: place)
    }

    private static func join(
        _ known: Restriction, _ new: Restriction
    ) throws(StatementError) -> Restriction {
        let common = known.columns.filter { new.columns.contains($0) }.map(\.name)
            .joined(separator: ", ")
        switch (known.test, new.test) {
        case (.equal, _):
            throw .invalid(
                "\(common) cannot be restricted by more than one relation if it includes an Equal")
        case (.isIn, _):
            throw .invalid(
                "\(common) cannot be restricted by more than one relation if it includes a IN")
        case (.slice(let lower, let upper), .slice(let newLower, let newUpper)):
            guard known.firstSlot == new.firstSlot else {
                let later = known.firstSlot > new.firstSlot ? known : new
                throw .invalid(
                    "Column \"\(later.columns[0].name)\" cannot be restricted by two inequalities "
                        + "not starting with the same column")
            }
            for (bound, other, name) in [(lower, newLower, "start"), (upper, newUpper, "end")]
            where bound != nil && other != nil {
                throw .invalid(
                    "More than one restriction was found for the \(name) bound on \(common)")
            }
            var joined = known.slots.count >= new.slots.count ? known : new
            joined.isTuple = known.isTuple || new.isTuple
            joined.test = .slice(lower: lower ?? newLower, upper: upper ?? newUpper)
            return joined
        case (.slice, _):
            throw .invalid(
                "Column \"\(common)\" cannot be restricted by both an equality and an inequality "
                    + "relation")
        case (.contains(let tests), .contains(let more)):
            var joined = known
            joined.test = .contains(tests + more)
            return joined
        case (.contains, _):
            throw .invalid(
                "Collection column \(common) can only be restricted by CONTAINS, CONTAINS KEY, or "
                    + "map-entry equality")
        }
    }
}
