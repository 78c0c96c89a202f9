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
        try checkKey(partitionKey + clustering)
        let orders = try checkedOrder(clustering)
        guard create.columns.count <= StoreLimits.tableColumnsMax else {
            throw .invalid("A table has at most \(StoreLimits.tableColumnsMax) columns")
        }
        var columns: [Column] = []
        for (index, definition) in create.columns.enumerated() {
            guard !columns.contains(where: { $0.name == definition.name }) else {
                throw .invalid(
                    "Duplicate column '\(definition.name)' declaration for table "
                        + "'\(create.name.name)'")
            }
            var type = try TypeResolver.resolve(
                definition.type, types: keyspace.types, keyspace: keyspace.name)
            var kind = definition.isStatic ? Column.Kind.fixed : .regular
            var position = -1
            if let place = partitionKey.firstIndex(of: definition.name) {
                (kind, position) = (.partitionKey, place)
            } else if let place = clustering.firstIndex(of: definition.name) {
                (kind, position) = (.clustering, place)
            }
            if position >= 0 { type = try checkedKeyType(type, definition) }
            columns.append(
                Column(
                    name: definition.name, id: UInt16(index), kind: kind, position: position,
                    type: type, descending: orders[definition.name] ?? false))
        }
        try checkStatics(columns, hasClustering: !clustering.isEmpty)
        try checkCounters(columns)
        return columns
    }

    private func checkKey(_ names: [String]) throws(StatementError) {
        var seen: Set<String> = []
        for name in names {
            guard create.columns.contains(where: { $0.name == name }) else {
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
        }
    }

    private func checkedOrder(_ clustering: [String]) throws(StatementError) -> [String: Bool] {
        var orders: [String: Bool] = [:]
        for (index, order) in create.order.enumerated() {
            guard clustering.contains(order.column) else {
                throw .invalid(
                    "Only clustering columns can be defined in CLUSTERING ORDER directive: "
                        + "\(order.column) are not clustering columns"
                )
            }
            guard index < clustering.count, clustering[index] == order.column else {
                throw .invalid(
                    "The order of columns in the CLUSTERING ORDER directive must match that of the "
                        + "clustering columns (\(clustering.joined(separator: ", ")))")
            }
            orders[order.column] = order.descending
        }
        guard create.order.isEmpty || create.order.count == clustering.count else {
            throw .invalid(
                "Missing CLUSTERING ORDER for column \(clustering[create.order.count])")
        }
        return orders
    }

    private func checkedKeyType(
        _ type: CQLType, _ definition: CQLColumnDefinition
    ) throws(StatementError) -> CQLType {
        guard !definition.isStatic else {
            throw .invalid("Static column '\(definition.name)' cannot be part of the PRIMARY KEY")
        }
        guard !type.isMultiCell else {
            throw .invalid(
                "Invalid non-frozen collection type \(type) for PRIMARY KEY column "
                    + "'\(definition.name)'"
            )
        }
        guard !type.isCounter else {
            throw .invalid(
                "counter type is not supported for PRIMARY KEY column '\(definition.name)'")
        }
        guard type.unfrozen != .duration else {
            throw .invalid(
                "duration type is not supported for PRIMARY KEY column '\(definition.name)'")
        }
        return type
    }

    private func checkStatics(_ columns: [Column], hasClustering: Bool) throws(StatementError) {
        if !hasClustering, columns.contains(where: { $0.kind == .fixed }) {
            throw .invalid(
                "Static columns are only useful (and thus allowed) if the table has at least one "
                    + "clustering column")
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
