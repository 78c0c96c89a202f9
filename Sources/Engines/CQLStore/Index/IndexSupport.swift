// Which relations of a SELECT an index answers, and when filtering must be allowed.
// Source: Cassandra's StatementRestrictions, IndexRestrictions, CassandraIndexFunctions and
// IndexTermType.

import CQLProtocol

extension IndexDefinition {
    /// Whether the index answers an operator on its column.
    func answers(_ use: RelationUse.Operation) -> Bool {
        if isVector { return false }
        switch (part, use) {
        case (.value, .equal): return true
        case (.value, .slice):
            return isAttached && target.part != .full && Self.hasRanges(column.type)
        case (.keys, .containsKey):
            return isMap
        case (.keys, .contains): return !isMap
        case (.values, .contains): return true
        case (.entries, .element): return true
        case (.value, _), (.keys, _), (.values, _), (.entries, _): return false
        }
    }

    private var isMap: Bool {
        if case .map = column.type.withoutOuterFrozen { true } else { false }
    }

    /// Text, booleans, random ids and what is compared as a whole know equality only.
    private static func hasRanges(_ type: CQLType) -> Bool {
        switch type {
        case .bigint, .decimal, .double, .float, .int, .timestamp, .varint, .timeuuid, .inet, .date,
            .time, .smallint, .tinyint, .counter:
            true
        case .ascii, .text, .blob, .boolean, .uuid, .duration, .list, .set, .map, .tuple, .udt,
            .vector, .frozen, .custom:
            false
        }
    }
}

/// What a relation does to one column.
struct RelationUse: Equatable {
    enum Operation: Equatable { case equal, isIn, slice, contains, containsKey, element, other }

    var slot: Int
    var operation: Operation
    /// Of several columns at once: they count together.
    var group: Int
}

/// The relations of a WHERE, by column.
struct RelationUses {
    private let table: Table
    private(set) var all: [RelationUse] = []
    private(set) var usesToken = false

    init(_ relations: [CQLRelation], _ table: Table) {
        self.table = table
        for (number, relation) in relations.enumerated() { add(relation, number) }
    }

    private mutating func add(_ relation: CQLRelation, _ number: Int) {
        switch relation {
        case .compare(let name, let comparison, _):
            add([name], Self.operation(comparison), number)
        case .isIn(let name, let list):
            // One value is an equality, as in Cassandra.
            if case .terms(let terms) = list, terms.count == 1 {
                add([name], .equal, number)
            } else {
                add([name], .isIn, number)
            }
        case .token: usesToken = true
        case .compareTuple(let names, let comparison, _):
            add(names, Self.operation(comparison), number)
        case .tupleIn(let names, let list):
            if case .terms(let terms) = list, terms.count == 1 {
                add(names, .equal, number)
            } else {
                add(names, .isIn, number)
            }
        case .element(let name, _, let comparison, _):
            add([name], comparison == .equal ? .element : .other, number)
        case .isNotNull, .expression: return
        }
    }

    private mutating func add(_ names: [String], _ operation: RelationUse.Operation, _ group: Int) {
        for name in names {
            guard let slot = table.slots[name] else { continue }
            all.append(RelationUse(slot: slot, operation: operation, group: group))
        }
    }

    static func operation(_ comparison: CQLOperator) -> RelationUse.Operation {
        switch comparison {
        case .equal: .equal
        case .less, .lessOrEqual, .greater, .greaterOrEqual: .slice
        case .contains: .contains
        case .containsKey: .containsKey
        default: .other
        }
    }

    func uses(of kind: Column.Kind) -> [RelationUse] {
        all.filter { table.columns[$0.slot].kind == kind }
    }

    /// Whether any index answers anything of these.
    func hasIndex(_ uses: [RelationUse]) -> Bool {
        uses.contains { use in
            table.indexDefinitions.contains { $0.slot == use.slot && $0.answers(use.operation) }
        }
    }

    var hasQueriableIndex: Bool { hasIndex(all) }

    /// Whether clustering columns are restricted so that their order is of no help.
    var clusteringNeedsFiltering: Bool {
        var next = table.partitionKey.count
        /// Slots of the relations that were looked at.
        var seen: Set<Int> = []
        let clustering = uses(of: .clustering)
        for slot in Set(clustering.map(\.slot)).sorted() where !seen.contains(slot) {
            let uses = clustering.filter { $0.slot == slot }
            let isPlain = uses.allSatisfy {
                $0.operation == .equal || $0.operation == .isIn || $0.operation == .slice
            }
            guard isPlain, slot == next else { return true }
            let groups = Set(uses.map(\.group))
            let together = clustering.filter { groups.contains($0.group) }.map(\.slot)
            seen.formUnion(together)
            if uses.contains(where: { $0.operation == .slice }) { continue }
            next = (together.max() ?? slot) + 1
        }
        return false
    }

    /// Whether no one kind of index answers all of these: each legacy index stands alone, the
    /// storage-attached ones work together.
    func needFiltering(_ uses: [RelationUse]) -> Bool {
        if uses.isEmpty { return false }
        let attached = table.indexDefinitions.filter(\.isAttached)
        let groups =
            table.indexDefinitions.filter { !$0.isAttached }.map { [$0] }
            + (attached.isEmpty ? [] : [attached])
        return !groups.contains { group in
            Dictionary(grouping: uses, by: \.slot).values.allSatisfy { isAnswered($0, by: group) }
        }
    }

    private func isAnswered(_ uses: [RelationUse], by group: [IndexDefinition]) -> Bool {
        let contains = uses.filter {
            $0.operation == .contains || $0.operation == .containsKey || $0.operation == .element
        }
        let own = group.filter { $0.slot == uses[0].slot }
        if !contains.isEmpty {
            return contains.count == uses.count
                && own.contains { index in
                    contains.contains { index.answers($0.operation) }
                        && (index.isAttached || contains.count == 1)
                }
        }
        return uses.allSatisfy { use in own.contains { $0.answers(use.operation) } }
    }
}
