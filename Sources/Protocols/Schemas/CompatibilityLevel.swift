// Which older schemas a new one must get on with. Source: reference/kafka.md C2.

/// The seven levels, by the names that Schema Registry has for them.
package enum CompatibilityLevel: String, Sendable, CaseIterable {
    case none = "NONE"
    case backward = "BACKWARD"
    case backwardTransitive = "BACKWARD_TRANSITIVE"
    case forward = "FORWARD"
    case forwardTransitive = "FORWARD_TRANSITIVE"
    case full = "FULL"
    case fullTransitive = "FULL_TRANSITIVE"

    /// All older versions count, not only the latest.
    package var isTransitive: Bool {
        switch self {
        case .backwardTransitive, .forwardTransitive, .fullTransitive: true
        case .none, .backward, .forward, .full: false
        }
    }

    /// The new schema must read data of the old one.
    package var checksBackward: Bool {
        switch self {
        case .backward, .backwardTransitive, .full, .fullTransitive: true
        case .none, .forward, .forwardTransitive: false
        }
    }

    /// The old schema must read data of the new one.
    package var checksForward: Bool {
        switch self {
        case .forward, .forwardTransitive, .full, .fullTransitive: true
        case .none, .backward, .backwardTransitive: false
        }
    }

    /// - Parameter versions: oldest first.
    /// - Returns: nothing when it may be added; else what is wrong and with which version.
    package func incompatibilities(
        of schema: SchemaDocument, with versions: [(version: Int, schema: SchemaDocument)]
    ) -> [String] {
        var found: [String] = []
        for (version, older) in isTransitive ? versions.reversed() : Array(versions.suffix(1)) {
            if checksBackward {
                found += schema.incompatibilities(readingDataOf: older).map {
                    "\($0) (the new schema cannot read data of version \(version))"
                }
            }
            if checksForward {
                found += older.incompatibilities(readingDataOf: schema).map {
                    "\($0) (version \(version) cannot read data of the new schema)"
                }
            }
        }
        return found
    }
}
