// What may be indexed, and how: the checks of CREATE INDEX.
// Source: Cassandra's CreateIndexStatement, StorageAttachedIndex.validateOptions, IndexWriterConfig.

import CQLProtocol

enum IndexRules {
    static let attachedClass = "org.apache.cassandra.index.sai.StorageAttachedIndex"
    private static let sasiClass = "org.apache.cassandra.index.sasi.SASIIndex"
    private static let legacyName = "legacy_local_table"

    static let vectorWarning =
        "SAI ANN indexes on vector columns are experimental and are not recommended for production "
        + "use.\nThey don't yet support SELECT queries with:\n"
        + " * Consistency level higher than ONE/LOCAL_ONE.\n * Paging.\n * No LIMIT clauses.\n"
        + " * PER PARTITION LIMIT clauses.\n * GROUP BY clauses.\n * Aggregation functions.\n"
        + " * Filters on columns without a SAI index."

    /// The class as it was written; `nil` for a legacy index.
    static func className(_ create: CQLCreateIndex) throws(StatementError) -> String? {
        let given = create.className ?? legacyName
        let isLegacy = !create.isCustom && given.lowercased() == legacyName
        for reserved in ["class_name", "target"]
        where create.options.contains(where: { $0.key == reserved }) {
            throw .invalid("Cannot specify \(reserved) as a CUSTOM option")
        }
        if isLegacy {
            guard create.options.isEmpty else {
                throw .invalid("Cannot specify options for a non-CUSTOM index")
            }
            return nil
        }
        switch given.lowercased() {
        case "sai", "storageattachedindex": return given
        case "sasiindex": throw sasiIsDisabled
        default: break
        }
        if given == attachedClass { return given }
        if given == sasiClass { throw sasiIsDisabled }
        throw .configuration("Unable to find custom indexer class '\(given)'")
    }

    private static var sasiIsDisabled: StatementError {
        .invalid("SASI indexes are disabled. Enable in cassandra.yaml to use.")
    }

    // MARK: The target

    static func target(
        _ create: CQLCreateIndex, _ table: Table, isCustom: Bool
    ) throws(StatementError) -> IndexTarget {
        guard !table.isCounter else {
            throw .invalid("Secondary indexes on counter tables aren't supported")
        }
        guard table.view == nil else {
            throw .invalid("Secondary indexes on materialized views aren't supported")
        }
        var targets: [IndexTarget] = []
        for given in create.targets {
            guard let column = table.column(given.column) else {
                throw .invalid(
                    "Undefined column name \(CQLIdentifier.quoted(given.column)) in table "
                        + "\(table.keyspace).\(table.name)")
            }
            let isWhole = given.part == .simple && column.isMultiCell && column.type.isCollection
            targets.append(IndexTarget(isWhole ? .values : given.part, given.column))
        }
        guard let first = targets.first else {
            throw .invalid(
                isCustom
                    ? "Missing target column"
                    : "Only CUSTOM indexes can be created without specifying a target column")
        }
        if targets.count > 1 {
            guard isCustom else { throw .invalid("Only CUSTOM indexes support multiple columns") }
            var seen: Set<String> = []
            for target in targets where !seen.insert(target.column).inserted {
                throw .invalid("Duplicate column '\(target.column)' in index target list")
            }
        }
        for target in targets { try check(target, table, isCustom: isCustom) }
        guard targets.count == 1 else {
            throw .invalid(
                "A storage-attached index cannot be created over multiple columns: "
                    + targets.map(\.text).joined(separator: ","))
        }
        return first
    }

    private static func check(
        _ target: IndexTarget, _ table: Table, isCustom: Bool
    ) throws(StatementError) {
        guard let column = table.column(target.column) else { return }
        let name = column.name
        if isCustom, !isWord(name) || name.utf8.count > StoreLimits.nameLengthMax {
            throw .invalid(
                "Column '\(name)' is longer than the permissible name length of "
                    + "\(StoreLimits.nameLengthMax) characters or contains "
                    + "non-alphanumeric-underscore characters")
        }
        try checkDurations(column)
        if table.isCompact {
            guard !column.isKey else {
                throw .invalid(
                    "Secondary indexes are not supported on PRIMARY KEY columns in COMPACT STORAGE "
                        + "tables")
            }
            guard !table.hasClustering else {
                throw .invalid(
                    "Secondary indexes are not supported on compact value column of COMPACT "
                        + "STORAGE tables")
            }
        }
        if column.kind == .partitionKey, table.partitionKey.count == 1 {
            throw .invalid(
                "Cannot create secondary index on the only partition key column \(name)")
        }
        let isFrozenCollection = column.type.isCollection && !column.isMultiCell
        let part = target.part == .simple ? "" : target.part.rawValue
        if isFrozenCollection, target.part != .full {
            throw .invalid(
                "Cannot create \(part.isEmpty ? "values" : part)() index on frozen column \(name). "
                    + "Frozen collections are immutable and must be fully indexed by using the "
                    + "'full(\(name))' modifier")
        }
        if !isFrozenCollection, target.part == .full {
            throw .invalid("full() indexes can only be created on frozen collections")
        }
        if !column.type.isCollection, target.part != .simple {
            throw .invalid(
                "Cannot create \(part)() index on \(name). Non-collection columns only support "
                    + "simple indexes")
        }
        let isMap = if case .map = column.type { true } else { false }
        if !isMap, target.part == .keys || target.part == .entries {
            throw .invalid("Cannot create index on \(part) of column \(name) with non-map type")
        }
        if case .udt = column.type {
            throw .invalid("Cannot create index on non-frozen UDT column \(name)")
        }
    }

    private static func checkDurations(_ column: Column) throws(StatementError) {
        guard column.type.holdsDuration else { return }
        switch column.type.withoutOuterFrozen {
        case .list, .set, .map:
            throw .invalid(
                "Secondary indexes are not supported on collections containing durations")
        case .tuple:
            throw .invalid("Secondary indexes are not supported on tuples containing durations")
        case .udt:
            throw .invalid("Secondary indexes are not supported on UDTs containing durations")
        default: throw .invalid("Secondary indexes are not supported on duration columns")
        }
    }

    private static func isWord(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F || (0x61...0x7A).contains($0 | 0x20)
            }
    }

    // MARK: The name

    static func freeName(_ table: Table, _ target: IndexTarget, _ taken: Set<String>) -> String {
        let base = String(
            "\(table.name)_\(target.column)_idx".unicodeScalars.filter {
                $0.isASCII && ($0.properties.isAlphabetic || $0 == "_" || ("0"..."9").contains($0))
            }.map(Character.init))
        var name = base
        var number = 0
        while taken.contains(name) {
            number += 1
            name = "\(base)_\(number)"
        }
        return name
    }

    // MARK: Options

    static func check(
        _ index: TableIndex, _ target: IndexTarget, _ table: Table
    ) throws(StatementError) {
        guard isWord(index.name) else {
            throw .configuration("Illegal index name \(index.name)")
        }
        guard index.name.utf8.count <= StoreLimits.indexNameBytesMax else {
            throw .configuration(
                "Index name shouldn't be more than \(StoreLimits.indexNameBytesMax) characters "
                    + "long (got \"\(index.name)\")")
        }
        guard index.kind == .custom else { return }
        let unknown = index.options.filter { !knownOptions.contains($0.key) }
        guard unknown.isEmpty else {
            throw .configuration(
                "Properties specified [\(unknown.map(\.key).joined(separator: ", "))] are not "
                    + "understood by StorageAttachedIndex")
        }
        if table.indexes.contains(where: { $0.kind == .custom && $0.target == index.target }) {
            throw .invalid(
                "Cannot create more than one storage-attached index on the same column: "
                    + target.column)
        }
        guard let column = table.column(target.column),
            let definition = IndexDefinition(index, table.columns)
        else { return }
        let analysis = index.options.filter { TextAnalyzer.optionNames.contains($0.key) }
        if column.isKey, !analysis.isEmpty {
            throw .invalid(
                "Analysis options are not supported on primary key columns, but found "
                    + SchemaText.map(analysis))
        }
        let types = definition.types
        if !analysis.isEmpty {
            guard types.allSatisfy({ $0 == .text || $0 == .ascii }) else {
                throw .invalid(
                    "CQL type \(types[0]) cannot be analyzed options="
                        + "{\(analysis.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))}")
            }
            _ = try TextAnalyzer(index.options)
        }
        try checkVector(index, types)
        for type in types where !isSupported(type) { throw .invalid("Unsupported type: \(type)") }
    }

    private static let vectorOptions: Set<String> = [
        "similarity_function", "optimize_for", "maximum_node_connections",
        "construction_beam_width",
    ]

    private static let knownOptions =
        vectorOptions.union(TextAnalyzer.optionNames).union(["class_name", "target"])

    private static func checkVector(
        _ index: TableIndex, _ types: [CQLType]
    ) throws(StatementError) {
        let given = index.options.filter { vectorOptions.contains($0.key) }
        if !given.isEmpty, !types[0].isVector {
            throw .invalid("CQL type \(types[0]) cannot have vector options")
        }
        for option in given {
            let value = option.value.uppercased()
            switch option.key {
            case "maximum_node_connections":
                try checkNumber(option, "Maximum number of connections", most: 512)
            case "construction_beam_width":
                try checkNumber(option, "Construction beam width", most: 3200)
            case "optimize_for":
                guard ["LATENCY", "RECALL"].contains(value) else {
                    throw .invalid(
                        "optimize_for '\(value)' was not recognized for index null. Valid values "
                            + "are: LATENCY, RECALL")
                }
            default:
                guard VectorSimilarity(rawValue: value) != nil else {
                    throw .invalid(
                        "Similarity function \(value) was not recognized for index null. Valid "
                            + "values are: EUCLIDEAN, DOT_PRODUCT, COSINE")
                }
            }
        }
        guard case .vector(let element, let dimensions) = types[0].withoutOuterFrozen else {
            return
        }
        guard element == .float else {
            throw .invalid("SAI ANN indexes are only allowed on vector columns with float elements")
        }
        if dimensions == 1, VectorSimilarity(index.options) == .cosine {
            throw .invalid("Cosine similarity is not supported for single-dimension vectors")
        }
    }

    /// Options of a graph that an exact search does without; their values are kept and shown.
    private static func checkNumber(
        _ option: CQLOptionEntry, _ what: String, most: Int
    ) throws(StatementError) {
        guard let number = Int(option.value) else {
            throw .invalid("\(what) \(option.value) is not a valid integer for index null")
        }
        guard (1...most).contains(number) else {
            throw .invalid("\(what) for index null cannot be <= 0 or > \(most), was \(number)")
        }
    }

    /// Everything frozen is compared as a whole.
    private static func isSupported(_ type: CQLType) -> Bool {
        switch type {
        case .ascii, .bigint, .boolean, .decimal, .double, .float, .int, .timestamp, .uuid, .text,
            .varint, .timeuuid, .inet, .date, .time, .smallint, .tinyint, .frozen, .tuple, .vector:
            true
        case .blob, .counter, .duration, .list, .set, .map, .udt, .custom: false
        }
    }
}

extension CQLType {
    /// A list, set or map, frozen or not.
    var isCollection: Bool {
        switch withoutOuterFrozen {
        case .list, .set, .map: true
        default: false
        }
    }
}
