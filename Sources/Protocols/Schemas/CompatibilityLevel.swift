// Which older schemas a new one must get on with. Source: reference/kafka.md C2.

/// The seven levels, by the names that Schema Registry has for them.
public enum CompatibilityLevel: String, Sendable, CaseIterable {
    case none = "NONE"
    case backward = "BACKWARD"
    case backwardTransitive = "BACKWARD_TRANSITIVE"
    case forward = "FORWARD"
    case forwardTransitive = "FORWARD_TRANSITIVE"
    case full = "FULL"
    case fullTransitive = "FULL_TRANSITIVE"

    /// All older versions count, not only the latest.
    public var isTransitive: Bool {
        switch self {
        case .backwardTransitive, .forwardTransitive, .fullTransitive: true
        case .none, .backward, .forward, .full: false
        }
    }

    /// The new schema must read data of the old one.
    public var checksBackward: Bool {
        switch self {
        case .backward, .backwardTransitive, .full, .fullTransitive: true
        case .none, .forward, .forwardTransitive: false
        }
    }

    /// The old schema must read data of the new one.
    public var checksForward: Bool {
        switch self {
        case .forward, .forwardTransitive, .full, .fullTransitive: true
        case .none, .backward, .backwardTransitive: false
        }
    }

    /// What is wrong, in the lines of Schema Registry: the differences from the newest version
    /// that the schema does not get on with, then that version's number and text. Of transitive
    /// levels the first version with differences is told, and no other.
    ///
    /// - Parameter versions: oldest first.
    /// - Returns: nothing when it may be added.
    public func incompatibilities(
        of schema: SchemaDocument, with versions: [(version: Int, schema: SchemaDocument)],
        policy: CompatibilityPolicy = .strict
    ) -> [String] {
        let candidates = isTransitive ? versions.reversed() : Array(versions.suffix(1))
        for (version, older) in candidates {
            var lines: [String] = []
            if checksForward {
                lines += older.incompatibilities(readingDataOf: schema, policy: policy).map {
                    $0.message(reader: "old", writer: "new")
                }
            }
            // Confluent's checker of FULL tells the old schema only with a backward difference.
            var tellsOld = !lines.isEmpty && !checksBackward
            if checksBackward {
                let found = schema.incompatibilities(readingDataOf: older, policy: policy)
                lines += found.map { $0.message(reader: "new", writer: "old") }
                tellsOld = !found.isEmpty
            }
            if tellsOld { lines += Self.lines(of: older, version: version) }
            if !lines.isEmpty { return lines }
        }
        return []
    }

    private static func lines(of schema: SchemaDocument, version: Int) -> [String] {
        let text = schema.canonicalText
        let countMax = SchemaLimits.shownCharactersMax
        let shown =
            text.count <= countMax
            ? "{oldSchema: '\(text)'}"
            : "{oldSchema: <truncated to \(countMax) characters> '\(text.prefix(countMax))'}"
        return ["{oldSchemaVersion: \(version)}", shown]
    }
}

/// How strictly JSON Schemas are compared.
public enum CompatibilityPolicy: String, Sendable, CaseIterable {
    case strict = "STRICT"
    /// Properties added to or removed from an open or partially open object are no difference.
    case lenient = "LENIENT"
}
