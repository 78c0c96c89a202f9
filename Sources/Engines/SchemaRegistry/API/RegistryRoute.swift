// The paths of the registry's API as values. Source: reference/kafka.md C1.

enum RegistryRoute: Sendable, Equatable {
    case root
    case clusterID
    case serverVersion
    case deployment
    /// Karapace's own two: is it well, and is there somebody who writes.
    case health
    case writerAvailable
    case contexts
    case context(String)
    case schemas
    case schemaTypes
    case schema(id: String)
    case schemaText(id: String)
    case schemaSubjects(id: String)
    case schemaVersions(id: String)
    case schemaByGUID(String)
    case idsOfGUID(String)
    case subjects
    case subject(String)
    case subjectMetadata(String)
    case versions(String)
    case version(String, String)
    case versionText(String, String)
    case referencedBy(String, String)
    case tags(String, String)
    /// `nil` version: all that the level asks for.
    case compatibility(String, version: String?)
    case config(String?)
    case mode(String?)
    case associations
    case associationsOfSubject(String)
    case associationsOfName(namespace: String, String)
    case associationsOfResource(id: String)
    /// `/associations:batchGet` and `/associations:batchMutate`.
    case associationsFound
    case associationsChanged

    /// - Parameter path: decoded segments.
    /// - Returns: `nil` for a path the API does not have.
    init?(segments path: [String]) {
        let route: RegistryRoute? =
            switch (path.first, path.count) {
            case (nil, _): .root
            case ("schemas", _): Self.schemas(Array(path.dropFirst()))
            case ("subjects", _): Self.subjects(Array(path.dropFirst()))
            case ("compatibility", 4) where path[1] == "subjects" && path[3] == "versions":
                .compatibility(path[2], version: nil)
            case ("compatibility", 5) where path[1] == "subjects" && path[3] == "versions":
                .compatibility(path[2], version: path[4])
            case ("config", 1): .config(nil)
            case ("config", 2): .config(path[1])
            case ("mode", 1): .mode(nil)
            case ("mode", 2): .mode(path[1])
            case ("contexts", 1): .contexts
            case ("contexts", 2): .context(path[1])
            case ("_health", 1): .health
            case ("master_available", 1): .writerAvailable
            case ("associations", _): Self.associations(Array(path.dropFirst()))
            case ("associations:batchGet", 1): .associationsFound
            case ("associations:batchMutate", 1): .associationsChanged
            case ("v1", 3) where path[1] == "metadata": Self.metadata(path[2])
            default: nil
            }
        guard let route else { return nil }
        self = route
    }

    private static func metadata(_ name: String) -> RegistryRoute? {
        switch name {
        case "id": .clusterID
        case "version": .serverVersion
        case "deployment": .deployment
        default: nil
        }
    }

    private static func associations(_ path: [String]) -> RegistryRoute? {
        switch (path.first, path.count) {
        case (nil, _): .associations
        case ("subjects", 2): .associationsOfSubject(path[1])
        case ("resources", 2): .associationsOfResource(id: path[1])
        case ("resources", 3): .associationsOfName(namespace: path[1], path[2])
        default: nil
        }
    }

    private static func schemas(_ path: [String]) -> RegistryRoute? {
        switch (path.first, path.count) {
        case (nil, _): .schemas
        case ("types", 1): .schemaTypes
        case ("ids", 2): .schema(id: path[1])
        case ("ids", 3) where path[2] == "schema": .schemaText(id: path[1])
        case ("ids", 3) where path[2] == "subjects": .schemaSubjects(id: path[1])
        case ("ids", 3) where path[2] == "versions": .schemaVersions(id: path[1])
        case ("guids", 2): .schemaByGUID(path[1])
        case ("guids", 3) where path[2] == "ids": .idsOfGUID(path[1])
        default: nil
        }
    }

    private static func subjects(_ path: [String]) -> RegistryRoute? {
        switch path.count {
        case 0: return .subjects
        case 1: return .subject(path[0])
        case 2 where path[1] == "versions": return .versions(path[0])
        case 2 where path[1] == "metadata": return .subjectMetadata(path[0])
        case 3 where path[1] == "versions": return .version(path[0], path[2])
        case 4 where path[1] == "versions":
            switch path[3] {
            case "schema": return .versionText(path[0], path[2])
            case "referencedby": return .referencedBy(path[0], path[2])
            case "tags": return .tags(path[0], path[2])
            default: return nil
            }
        default: return nil
        }
    }
}

extension RegistryRoute {
    /// What may be done there; HEAD goes where GET goes, and OPTIONS everywhere.
    var methods: [RegistryRequest.Method] {
        switch self {
        case .root, .clusterID, .serverVersion, .deployment, .health, .writerAvailable, .contexts,
            .schemas, .schemaTypes, .schema, .schemaText, .schemaSubjects, .schemaVersions,
            .schemaByGUID, .idsOfGUID, .subjects, .subjectMetadata, .versionText, .referencedBy,
            .associationsOfSubject, .associationsOfName:
            [.get]
        case .subject: [.post, .delete]
        case .versions: [.get, .post]
        case .version: [.get, .delete]
        case .tags, .compatibility, .associations, .associationsFound, .associationsChanged:
            [.post]
        case .context: [.delete]
        case .config, .mode, .associationsOfResource: [.get, .put, .delete]
        }
    }
}

/// The path of a request in segments, and its parameters; a context in front is worked in.
struct RegistryPath: Sendable, Equatable {
    var segments: [String]
    var query: [String: [String]]

    /// - Parameter path: as it came; segments are split first and decoded then, so that `%2F` is
    ///   part of a name.
    /// - Returns: `nil` when a percent sign stands alone, or for a context that cannot be.
    init?(path: String, query: String) {
        var segments: [String] = []
        for part in path.split(separator: "/") {
            guard let decoded = Self.decoded(part) else { return nil }
            segments.append(decoded)
        }
        self.segments = segments
        self.query = Self.parameters(query)
        guard segments.count >= 2, segments[0] == "contexts" else { return }
        guard let prefix = QualifiedSubject.prefix(ofGiven: segments[1]) else { return nil }
        if segments.count == 2 {
            self.segments[1] = prefix
        } else {
            self.segments.removeFirst(2)
            qualify(prefix)
        }
    }

    /// `/contexts/.c/subjects/s` means `/subjects/:.c:s`, and so on.
    /// Source: Confluent's ContextFilter.
    private mutating func qualify(_ prefix: String) {
        func qualified(_ name: String) -> String {
            name.hasPrefix(":.") || name.hasPrefix(QualifiedSubject.wildcard) ? name : prefix + name
        }
        let place = segments.firstIndex(of: "subjects").map { $0 + 1 }
        switch segments[0] {
        case "config", "mode":
            if segments.count > 1 {
                segments[1] = qualified(segments[1])
            } else if !prefix.isEmpty {
                segments.append(prefix)
            }
        case "schemas" where segments.count > 2 && segments[1] == "ids":
            query["subject"] = [qualified(query["subject"]?.first ?? "")]
        case "schemas" where segments.count == 1, "subjects" where segments.count == 1:
            query["subjectPrefix"] = (query["subjectPrefix"] ?? [""]).map(qualified)
        case "subjects", "compatibility":
            if let place, place < segments.count { segments[place] = qualified(segments[place]) }
        default: break  // What has no subject in it.
        }
    }

    private static func parameters(_ text: String) -> [String: [String]] {
        var query: [String: [String]] = [:]
        for part in text.split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(halves[0]) else { continue }
            let value = halves.count == 2 ? halves[1].replacing("+", with: " ") : ""
            query[name, default: []].append(decoded(value) ?? String(value))
        }
        return query
    }

    /// RFC 3986; `nil` when it is no UTF-8 or a percent sign stands alone.
    static func decoded(_ part: some StringProtocol) -> String? {
        guard part.utf8.contains(UInt8(ascii: "%")) else { return String(part) }
        var bytes: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ $0 != UInt8(ascii: "+") }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
