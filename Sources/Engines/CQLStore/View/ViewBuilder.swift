// Checks a CREATE MATERIALIZED VIEW and makes the view's table.

import CQLProtocol

/// Source: Cassandra's `CreateViewStatement`, in the order of its checks.
struct ViewBuilder {
    private let create: CQLCreateView
    private let base: Table
    private let keyspace: Keyspace

    init(_ create: CQLCreateView, base: Table, keyspace: Keyspace) {
        self.create = create
        self.base = base
        self.keyspace = keyspace
    }

    private var name: String { create.name.name }
    private var keyNames: [String] { create.partitionKey + create.clustering }

    func table(storageID: UInt32) throws(StatementError) -> Table {
        guard !base.isCounter else {
            throw .invalid("Materialized views are not supported on counter tables")
        }
        guard base.options.graceSeconds != 0 else {
            throw .invalid(
                "Cannot create materialized view '\(name)' for base table '\(base.name)' with "
                    + "gc_grace_seconds of 0, since this value is used to TTL undelivered updates. "
                    + "Setting gc_grace_seconds too low might cause undelivered updates to expire "
                    + "before being replayed.")
        }
        let selected = try selectedColumns()
        try checkKey(selected)
        let order = try checkedOrder()
        let added = try checkBaseKey()
        try checkRelations()
        let options = try options()
        let definition = ViewDefinition(
            baseTable: base.name, baseID: base.id, includesAllColumns: create.items.isEmpty,
            relations: create.relations, needsMarker: added != nil, isBuilt: false)
        let columns = columns(selected, order)
        let table = Table(
            keyspace: keyspace.name, name: name,
            id: try SchemaEditor.id(create.properties, keyspace) ?? .random(),
            storageID: storageID, columns: columns, nextColumnID: UInt16(columns.count),
            options: options, view: definition)
        _ = try ViewFilter(definition, base, keyspace)
        return table
    }

    // MARK: Checks

    private func selectedColumns() throws(StatementError) -> [Column] {
        var selected = create.items.isEmpty ? base.columns : []
        for item in create.items {
            guard item.alias == nil else {
                throw .invalid(
                    "Cannot use aliases when defining a materialized view (got "
                        + "\(shown(item.selector)) AS \(item.alias ?? ""))")
            }
            guard case .column(let name) = item.selector else {
                throw .invalid(
                    "Can only select columns by name when defining a materialized view (got "
                        + "\(shown(item.selector)))")
            }
            guard let column = base.column(name) else { throw undefined(name) }
            if !selected.contains(where: { $0.name == name }) { selected.append(column) }
        }
        if let fixed = selected.first(where: { $0.kind == .fixed }) {
            throw .invalid(
                "Cannot include static column '\(fixed.name)' in materialized view '\(name)'")
        }
        return selected
    }

    private func shown(_ selector: CQLSelector) -> String {
        if case .column(let name) = selector { return CQLIdentifier.quoted(name) }
        if case .countRows = selector { return "count(*)" }
        if case .element(let inner, let key) = selector { return "\(shown(inner))[\(key)]" }
        if case .slice(let inner, let from, let to) = selector {
            return "\(shown(inner))[\(from?.description ?? "")..\(to?.description ?? "")]"
        }
        guard case .function(let name, _) = selector else { return "an expression" }
        return "\(name.name)(…)"
    }

    private func undefined(_ column: String) -> StatementError {
        .invalid("Undefined column name \(column) in table \(base.keyspace).\(base.name)")
    }

    private func checkKey(_ selected: [Column]) throws(StatementError) {
        var seen: Set<String> = []
        for key in keyNames {
            guard let column = selected.first(where: { $0.name == key }) else {
                throw .invalid(
                    "Unknown column '\(key)' referenced in PRIMARY KEY for materialized view "
                        + "'\(name)'")
            }
            guard seen.insert(key).inserted else {
                throw .invalid(
                    "Duplicate column '\(key)' in PRIMARY KEY clause for materialized view "
                        + "'\(name)'")
            }
            try TableBuilder.checkKeyType(column.type, key)
        }
    }

    private func checkedOrder() throws(StatementError) -> [String: Bool] {
        var names: [String] = []
        var order: [String: Bool] = [:]
        for item in create.order {
            guard order.updateValue(item.descending, forKey: item.column) == nil else {
                throw .invalid(
                    "Duplicate column '\(item.column)' in CLUSTERING ORDER BY clause for view "
                        + "'\(name)'")
            }
            names.append(item.column)
        }
        guard names.isEmpty || names == create.clustering else {
            throw .invalid(
                "Clustering key columns must exactly match columns in CLUSTERING ORDER BY directive"
            )
        }
        return order
    }

    /// - Returns: the column of the view's key that is none of the base's.
    private func checkBaseKey() throws(StatementError) -> String? {
        let baseKey = (base.partitionKey + base.clustering).map(\.name)
        let missing = baseKey.filter { !keyNames.contains($0) }
        guard missing.isEmpty else {
            throw .invalid(
                "Cannot create materialized view '\(name)' without primary key columns "
                    + "\(missing.joined(separator: ", ")) from base table '\(base.name)'")
        }
        let added = keyNames.filter { !baseKey.contains($0) }
        guard added.count <= 1 else {
            throw .invalid(
                "Cannot include more than one non-primary key column in materialized view primary "
                    + "key (got \(added.joined(separator: ", ")))")
        }
        return added.first
    }

    private func checkRelations() throws(StatementError) {
        var restricted: Set<String> = []
        var illegal: [String] = []
        for relation in create.relations {
            for column in relation.columns where base.column(column) == nil {
                throw undefined(column)
            }
            if case .expression = relation {
                throw .invalid(
                    "WHERE clause for materialized view '\(create.name.name)' cannot contain custom "
                        + "index expressions")
            }
            if case .token = relation {
                throw .invalid("Cannot use token relation when defining a materialized view")
            }
            restricted.formUnion(relation.columns)
            if case .isNotNull = relation { continue }
            illegal += relation.columns.filter { base.column($0)?.isKey == false }
        }
        let free = keyNames.filter { !restricted.contains($0) }
        guard free.isEmpty else {
            throw .invalid(
                "Primary key columns \(free.joined(separator: ", ")) must be restricted with 'IS "
                    + "NOT NULL' or otherwise")
        }
        guard illegal.isEmpty else {
            throw .invalid(
                "Non-primary key columns can only be restricted with 'IS NOT NULL' (got: "
                    + "\(illegal.joined(separator: ",")) restricted illegally)")
        }
    }

    private func options() throws(StatementError) -> TableOptions {
        var options = TableOptions.defaults
        try options.apply(create.properties)
        guard options.defaultTimeToLive == 0 else {
            throw .invalid(
                "Cannot set default_time_to_live for a materialized view. Data in a materialized "
                    + "view always expire at the same time than the corresponding data in the "
                    + "parent table.")
        }
        return options
    }

    // MARK: Columns

    /// The ids of regular columns rise as they do in the base: cells stay in their order.
    private func columns(_ selected: [Column], _ order: [String: Bool]) -> [Column] {
        var columns: [Column] = []
        func add(_ source: Column, _ kind: Column.Kind, _ position: Int) {
            var column = source
            column.id = UInt16(columns.count)
            (column.kind, column.position) = (kind, position)
            column.descending = kind == .clustering && (order[source.name] ?? source.descending)
            columns.append(column)
        }
        for (position, key) in create.partitionKey.enumerated() {
            if let source = base.column(key) { add(source, .partitionKey, position) }
        }
        for (position, key) in create.clustering.enumerated() {
            if let source = base.column(key) { add(source, .clustering, position) }
        }
        for source in selected.sorted(by: { $0.id < $1.id }) where !keyNames.contains(source.name) {
            add(source, .regular, -1)
        }
        return columns
    }
}
