// Checks a CREATE TABLE and gives its columns their places.

import CQLProtocol

struct TableBuilder {
    private let create: CQLCreateTable
    private let keyspace: Keyspace

    init(_ create: CQLCreateTable, keyspace: Keyspace) {
        self.create = create
        self.keyspace = keyspace
    }

    func columns() throws(StatementError) -> [Column] {
        guard create.primaryKeyCount <= 1 else {
            throw .invalid("Multiple PRIMARY KEYs specified (exactly one required)")
        }
        guard create.primaryKeyCount == 1 else {
            throw .invalid(
                "No PRIMARY KEY specified for table '\(create.name.name)' (exactly one required)")
        }
        let marked = create.columns.filter(\.isPrimaryKey).map(\.name)
        let partitionKey = marked.isEmpty ? create.partitionKey : marked
        let clustering = marked.isEmpty ? create.clustering : []
        guard create.columns.count <= StoreLimits.tableColumnsMax else {
            throw .invalid("A table has at most \(StoreLimits.tableColumnsMax) columns")
        }
        var seen: Set<String> = []
        for definition in create.columns where !seen.insert(definition.name).inserted {
            throw .invalid(
                "Duplicate column '\(definition.name)' declaration for table "
                    + "'\(create.name.name)'")
        }
        var columns: [Column] = []
        for (index, definition) in create.columns.enumerated() {
            var column = Column(
                name: definition.name, id: UInt16(index),
                kind: definition.isStatic ? .fixed : .regular, position: -1,
                type: try TypeResolver.resolve(
                    definition.type, types: keyspace.types, keyspace: keyspace.name))
            column.mask = try definition.mask.map { mask throws(StatementError) in
                try ColumnMask(mask, of: column, keyspace: keyspace)
            }
            try Self.checkNested(column.type)
            if let place = partitionKey.firstIndex(of: definition.name) {
                (column.kind, column.position) = (.partitionKey, place)
            } else if let place = clustering.firstIndex(of: definition.name) {
                (column.kind, column.position) = (.clustering, place)
            }
            columns.append(column)
        }
        try checkKey(partitionKey + clustering, columns)
        let orders = try checkedOrder(clustering)
        for index in columns.indices {
            columns[index].descending = orders[columns[index].name] ?? false
        }
        if create.compactStorage { try checkCompact(columns, hasClustering: !clustering.isEmpty) }
        try checkStatics(columns, hasClustering: !clustering.isEmpty)
        try checkCounters(columns)
        return columns
    }

    /// A user-defined type whose fields are cells of their own has no collections of cells inside.
    static func checkNested(_ type: CQLType) throws(StatementError) {
        guard case .udt(let user) = type, user.fields.contains(where: { $0.type.isMultiCell })
        else { return }
        throw .invalid("Non-frozen UDTs with nested non-frozen collections are not supported")
    }

    private func checkKey(
        _ names: [String], _ columns: [Column]
    ) throws(StatementError) {
        var seen: Set<String> = []
        let byName = Dictionary(columns.map { ($0.name, $0) }) { first, _ in first }
        let statics = Set(create.columns.filter(\.isStatic).map(\.name))
        for name in names {
            guard let column = byName[name] else {
                throw .invalid(
                    "Unknown column '\(name)' referenced in PRIMARY KEY for table "
                        + "'\(create.name.name)'"
                )
            }
            guard seen.insert(name).inserted else {
                throw .invalid(
                    "Duplicate column '\(name)' in PRIMARY KEY clause for table "
                        + "'\(create.name.name)'"
                )
            }
            try Self.checkKeyType(column.type, name)
            if statics.contains(name) {
                throw .invalid("Static column '\(name)' cannot be part of the PRIMARY KEY")
            }
        }
    }

    /// Whether values of that type can be in a primary key.
    static func checkKeyType(_ type: CQLType, _ name: String) throws(StatementError) {
        guard !type.isMultiCell else {
            let kind = if case .udt = type { "user-defined" } else { "collection" }
            throw .invalid(
                "Invalid non-frozen \(kind) type \(type) for PRIMARY KEY column '\(name)'")
        }
        guard !type.isCounter else {
            throw .invalid("counter type is not supported for PRIMARY KEY column '\(name)'")
        }
        guard !type.usesDuration else {
            throw .invalid("duration type is not supported for PRIMARY KEY column '\(name)'")
        }
    }

    private func checkedOrder(_ clustering: [String]) throws(StatementError) -> [String: Bool] {
        var names: [String] = []
        var orders: [String: Bool] = [:]
        for order in create.order {
            guard orders.updateValue(order.descending, forKey: order.column) == nil else {
                throw .invalid(
                    "Duplicate column '\(order.column)' in CLUSTERING ORDER BY clause for table "
                        + "'\(create.name.name)'")
            }
            names.append(order.column)
        }
        let others = names.filter { !clustering.contains($0) }
        guard others.isEmpty else {
            throw .invalid(
                "Only clustering key columns can be defined in CLUSTERING ORDER directive: "
                    + "[\(others.joined(separator: ", "))] are not clustering columns")
        }
        for (name, expected) in zip(names, clustering) where name != expected {
            guard orders[expected] == nil else {
                throw .invalid(
                    "The order of columns in the CLUSTERING ORDER directive must match that of the "
                        + "clustering columns (\(expected) must appear before \(name))")
            }
            throw .invalid("Missing CLUSTERING ORDER for column \(expected)")
        }
        return orders
    }

    private func checkStatics(_ columns: [Column], hasClustering: Bool) throws(StatementError) {
        if !hasClustering, columns.contains(where: { $0.kind == .fixed }) {
            throw .invalid(
                "Static columns are only useful (and thus allowed) if the table has at least one "
                    + "clustering column")
        }
    }

    private func checkCompact(_ columns: [Column], hasClustering: Bool) throws(StatementError) {
        let values = columns.filter { !$0.isKey }
        guard !values.contains(where: \.isMultiCell) else {
            throw .invalid(
                "Non-frozen collections and UDTs are not supported with COMPACT STORAGE")
        }
        guard !values.contains(where: { $0.kind == .fixed }) else {
            throw .invalid("Static columns are not supported in COMPACT STORAGE tables")
        }
        guard hasClustering || !values.isEmpty else {
            throw .invalid("No definition found that is not part of the PRIMARY KEY")
        }
        guard !hasClustering || values.count <= 1 else {
            throw .invalid(
                "COMPACT STORAGE with composite PRIMARY KEY allows no more than one column not "
                    + "part of the PRIMARY KEY (got: "
                    + "\(values.map(\.name).joined(separator: ", ")))")
        }
    }

    private func checkCounters(_ columns: [Column]) throws(StatementError) {
        let values = columns.filter { !$0.isKey }
        let counters = values.filter { $0.type.isCounter }
        guard counters.isEmpty || counters.count == values.count else {
            throw .invalid("Cannot mix counter and non counter columns in the same table")
        }
    }
}
