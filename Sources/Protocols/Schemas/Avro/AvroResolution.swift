// Whether a reader's Avro schema resolves data of a writer's, place by place.
// Source: Apache Avro specification 1.12, "Schema Resolution".

struct AvroResolution {
    private let reader: AvroDocument
    private let writer: AvroDocument
    private var found: [String] = []
    /// Pairs of named types being compared or already compared; recursion ends at them.
    private var compared: Set<[String]> = []

    static func incompatibilities(reader: AvroDocument, writer: AvroDocument) -> [String] {
        var resolution = AvroResolution(reader: reader, writer: writer)
        resolution.compare(reader.root, writer.root, at: "/")
        return Array(resolution.found.prefix(SchemaLimits.incompatibilitiesMax))
    }

    private init(reader: AvroDocument, writer: AvroDocument) {
        self.reader = reader
        self.writer = writer
    }

    private mutating func note(_ rule: String, at path: String, _ why: String) {
        found.append("\(rule) at \(path): \(why)")
    }

    private mutating func compare(_ read: AvroType, _ written: AvroType, at path: String) {
        if case .union(let branches) = written {
            for branch in branches where !resolves(read, branch) {
                note(
                    "MISSING_UNION_BRANCH", at: path,
                    "the reader has no place for \(writer.name(of: branch)) of the writer's union")
            }
            return
        }
        if case .union(let branches) = read {
            guard !branches.contains(where: { resolves($0, written) }) else { return }
            // With one branch of the same kind, what is wrong inside it says more.
            if let near = branches.first(where: { isSameKind($0, written) }) {
                compare(near, written, at: path)
            } else {
                note(
                    "MISSING_UNION_BRANCH", at: path,
                    "the reader's union has no place for \(writer.name(of: written))")
            }
            return
        }
        compareSingle(read, written, at: path)
    }

    private mutating func compareSingle(_ read: AvroType, _ written: AvroType, at path: String) {
        switch (read, written) {
        case (.primitive(let to, _), .primitive(let from, _)):
            if to != from, !Self.promotes(from, to) { mismatch(read, written, at: path) }
        case (.array(let to, _), .array(let from, _)):
            compare(to, from, at: Self.inside(path, "items"))
        case (.map(let to, _), .map(let from, _)):
            compare(to, from, at: Self.inside(path, "values"))
        case (.named(let to), .named(let from)): compareNamed(to, from, at: path)
        case (.primitive, _), (.array, _), (.map, _), (.named, _), (.union, _):
            mismatch(read, written, at: path)
        }
    }

    private mutating func mismatch(_ read: AvroType, _ written: AvroType, at path: String) {
        note(
            "TYPE_MISMATCH", at: path,
            "\(writer.name(of: written)) cannot be read as \(reader.name(of: read))")
    }

    private static func inside(_ path: String, _ name: String) -> String {
        path == "/" ? "/\(name)" : "\(path)/\(name)"
    }

    /// Asks without keeping messages.
    private func resolves(_ read: AvroType, _ written: AvroType) -> Bool {
        var trial = AvroResolution(reader: reader, writer: writer)
        trial.compared = compared
        trial.compare(read, written, at: "/")
        return trial.found.isEmpty
    }

    private func isSameKind(_ read: AvroType, _ written: AvroType) -> Bool {
        switch (read, written) {
        case (.array, .array), (.map, .map): return true
        case (.primitive(let a, _), .primitive(let b, _)): return a == b
        case (.named(let a), .named(let b)):
            return AvroName.unqualified(a) == AvroName.unqualified(b)
        case (.primitive, _), (.array, _), (.map, _), (.named, _), (.union, _): return false
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

    private mutating func compareNamed(_ to: String, _ from: String, at path: String) {
        guard let read = reader.named[to], let written = writer.named[from],
            compared.insert([to, from]).inserted
        else { return }
        // Unqualified names match; so do the reader's aliases, which are full names.
        guard read.name == written.name || read.aliases.contains(written.fullName) else {
            note("NAME_MISMATCH", at: path, "\(written.fullName) is not \(read.fullName)")
            return
        }
        switch (read.kind, written.kind) {
        case (.record(let toFields), .record(let fromFields)):
            compareFields(toFields, fromFields, at: path)
        case (.enumeration(let toSymbols, let fallback), .enumeration(let fromSymbols, _)):
            let missing = fromSymbols.filter { !toSymbols.contains($0) }
            if fallback == nil, !missing.isEmpty {
                note(
                    "MISSING_ENUM_SYMBOLS", at: path,
                    "the reader lacks \(missing.joined(separator: ", ")) and has no default")
            }
        case (.fixed(let toBytes), .fixed(let fromBytes)):
            if toBytes != fromBytes {
                note("FIXED_SIZE_MISMATCH", at: path, "\(fromBytes) bytes are not \(toBytes)")
            }
        case (.record, _), (.enumeration, _), (.fixed, _):
            note("TYPE_MISMATCH", at: path, "\(from) cannot be read as \(to)")
        }
    }

    private mutating func compareFields(
        _ toFields: [AvroField], _ fromFields: [AvroField], at path: String
    ) {
        let written = Dictionary(fromFields.map { ($0.name, $0) }) { first, _ in first }
        for field in toFields {
            let match = ([field.name] + field.aliases).lazy.compactMap { written[$0] }.first
            if let match {
                compare(field.type, match.type, at: Self.inside(path, field.name))
            } else if field.defaultValue == nil {
                note(
                    "READER_FIELD_MISSING_DEFAULT_VALUE", at: Self.inside(path, field.name),
                    "the field '\(field.name)' is not in the writer's schema and has no default")
            }
        }
    }
}
