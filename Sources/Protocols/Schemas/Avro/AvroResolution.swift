// Whether a reader's Avro schema resolves data of a writer's, place by place.
// Source: Apache Avro specification 1.12, "Schema Resolution"; Apache Avro's
// SchemaCompatibility.java for the places and texts, Confluent's avro/Difference.java for the rest.

/// Logical types do not count, as in Apache Avro: a decimal may change its scale unnoticed.
struct AvroResolution {
    private let reader: AvroDocument
    private let writer: AvroDocument
    /// What was found between two named types; `nil` while they are being compared.
    private var known: [[String]: [SchemaIncompatibility]?] = [:]
    private var depth = 0
    /// Too deep to be compared at once: taken for compatible, and compared at the end.
    private var deferred: [(reader: String, writer: String)] = []

    static func incompatibilities(reader: AvroDocument, writer: AvroDocument)
        -> [SchemaIncompatibility]
    {
        var resolution = AvroResolution(reader: reader, writer: writer)
        var found = resolution.compare(reader.root, writer.root, at: [])
        while let (to, from) = resolution.deferred.popLast() {
            found += resolution.compareNamed(to, from, at: [])
        }
        return Array(found.prefix(SchemaLimits.incompatibilitiesMax))
    }

    private init(reader: AvroDocument, writer: AvroDocument) {
        self.reader = reader
        self.writer = writer
    }

    private mutating func compare(_ read: AvroType, _ written: AvroType, at path: [String])
        -> [SchemaIncompatibility]
    {
        depth += 1
        defer { depth -= 1 }
        switch (read, written) {
        case (.union, .union(let branches)):
            return branches.enumerated().flatMap { index, branch -> [SchemaIncompatibility] in
                guard !compare(read, branch, at: []).isEmpty else { return [] }
                return [lacking(branch, at: path + ["\(index)"])]
            }
        case (_, .union(let branches)):
            // Each branch must be readable. Avro starts the path anew here.
            return branches.flatMap { compare(read, $0, at: []) }
        case (.union(let branches), _):
            for branch in branches where compare(branch, written, at: []).isEmpty { return [] }
            return [lacking(written, at: path)]
        case (.primitive(let to, _), .primitive(let from, _)):
            return to == from || Self.promotes(from, to) ? [] : [mismatch(read, written, at: path)]
        case (.array(let to, _), .array(let from, _)):
            return compare(to, from, at: path + ["items"])
        case (.map(let to, _), .map(let from, _)):
            return compare(to, from, at: path + ["values"])
        case (.named(let to), .named(let from))
        where reader.kindName(read) == writer.kindName(written):
            return compareNamed(to, from, at: path)
        case (.primitive, _), (.array, _), (.map, _), (.named, _):
            return [mismatch(read, written, at: path)]
        }
    }

    private static func promotes(_ from: AvroPrimitive, _ to: AvroPrimitive) -> Bool {
        switch (from, to) {
        case (.int, .long), (.int, .float), (.int, .double), (.long, .float), (.long, .double),
            (.float, .double), (.string, .bytes), (.bytes, .string):
            true
        default: false  // A table of promotions, not a state: all else does not promote.
        }
    }

    private mutating func compareNamed(_ to: String, _ from: String, at path: [String])
        -> [SchemaIncompatibility]
    {
        if let known = known[[to, from]] { return known ?? [] }
        guard let read = reader.named[to], let written = writer.named[from] else { return [] }
        guard depth < SchemaLimits.comparisonDepthMax else {
            deferred.append((to, from))
            return []
        }
        known[[to, from]] = .some(nil)
        var found: [SchemaIncompatibility] = []
        // Unqualified names match; so do the reader's aliases, which are full names.
        if read.name != written.name, !read.aliases.contains(written.fullName) {
            found.append(Self.renamed(written, at: path + ["name"]))
        }
        switch (read.kind, written.kind) {
        case (.record(let toFields, _), .record(let fromFields, _)):
            found += compareFields(toFields, fromFields, at: path)
        case (.enumeration(let toSymbols, let fallback), .enumeration(let fromSymbols, _)):
            let missing = Set(fromSymbols).subtracting(toSymbols).sorted()
            if fallback == nil, !missing.isEmpty {
                found.append(Self.symbols(missing, at: path + ["symbols"]))
            }
        case (.fixed(let toBytes), .fixed(let fromBytes)):
            if toBytes != fromBytes {
                found.append(Self.size(toBytes, fromBytes, at: path + ["size"]))
            }
        case (.record, _), (.enumeration, _), (.fixed, _):
            found.append(mismatch(.named(to), .named(from), at: path))
        }
        known[[to, from]] = found
        return found
    }

    private mutating func compareFields(
        _ toFields: [AvroField], _ fromFields: [AvroField], at path: [String]
    ) -> [SchemaIncompatibility] {
        let written = Dictionary(fromFields.map { ($0.name, $0) }) { first, _ in first }
        var found: [SchemaIncompatibility] = []
        for (index, field) in toFields.enumerated() {
            let here = path + ["fields", "\(index)"]
            let match = ([field.name] + field.aliases).lazy.compactMap { written[$0] }.first
            if let match {
                found += compare(field.type, match.type, at: here + ["type"])
            } else if field.defaultValue == nil {
                found.append(Self.noDefault(field, at: here))
            }
        }
        return found
    }
}

// MARK: - What is said

extension AvroResolution {
    /// A JSON pointer; "/" is the whole schema.
    private static func pointer(_ path: [String]) -> String {
        "/"
            + path.map { $0.replacing("~", with: "~0").replacing("/", with: "~1") }
            .joined(separator: "/")
    }

    private func mismatch(_ read: AvroType, _ written: AvroType, at path: [String])
        -> SchemaIncompatibility
    {
        let info =
            "reader type: \(reader.kindName(read)) not compatible with writer type: "
            + writer.kindName(written)
        let place = Self.pointer(path)
        return SchemaIncompatibility(
            "TYPE_MISMATCH",
            "The type (path '\(place)') of a field in the {reader} schema does not match with the "
                + "{writer} schema", at: place, additionalInfo: info)
    }

    private func lacking(_ written: AvroType, at path: [String]) -> SchemaIncompatibility {
        let place = Self.pointer(path)
        return SchemaIncompatibility(
            "MISSING_UNION_BRANCH",
            "The {reader} schema is missing a type inside a union field at path '\(place)' in the "
                + "{writer} schema", at: place,
            additionalInfo: "reader union lacking writer type: \(writer.kindName(written))")
    }

    private static func renamed(_ written: AvroNamedType, at path: [String])
        -> SchemaIncompatibility
    {
        let place = pointer(path)
        return SchemaIncompatibility(
            "NAME_MISMATCH", "The name of the schema has changed (path '\(place)')", at: place,
            additionalInfo: "expected: \(written.fullName)")
    }

    private static func symbols(_ missing: [String], at path: [String]) -> SchemaIncompatibility {
        let place = pointer(path)
        let list = "[\(missing.joined(separator: ", "))]"
        return SchemaIncompatibility(
            "MISSING_ENUM_SYMBOLS",
            "The {reader} schema is missing enum symbols '\(list)' at path '\(place)' in the "
                + "{writer} schema", at: place, additionalInfo: list)
    }

    private static func size(_ toBytes: Int, _ fromBytes: Int, at path: [String])
        -> SchemaIncompatibility
    {
        let place = pointer(path)
        return SchemaIncompatibility(
            "FIXED_SIZE_MISMATCH",
            "The size of FIXED type field at path '\(place)' in the {reader} schema does not "
                + "match with the {writer} schema", at: place,
            additionalInfo: "expected: \(fromBytes), found: \(toBytes)")
    }

    private static func noDefault(_ field: AvroField, at path: [String]) -> SchemaIncompatibility {
        let place = pointer(path)
        return SchemaIncompatibility(
            "READER_FIELD_MISSING_DEFAULT_VALUE",
            "The field '\(field.name)' at path '\(place)' in the {reader} schema has no default "
                + "value and is missing in the {writer} schema", at: place,
            additionalInfo: field.name)
    }
}
