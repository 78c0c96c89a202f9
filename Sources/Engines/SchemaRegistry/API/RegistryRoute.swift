// The paths of the registry's API as values. Source: reference/kafka.md C1.

enum RegistryRoute: Sendable, Equatable {
    case root
    case clusterID
    case serverVersion
    case contexts
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
    case versions(String)
    case version(String, String)
    case versionText(String, String)
    case referencedBy(String, String)
    /// `nil` version: all that the level asks for.
    case compatibility(String, version: String?)
    case config(String?)
    case mode(String?)

    /// - Parameter path: as it came; segments are split first and decoded then, so that `%2F` is
    ///   part of a name.
    /// - Returns: `nil` for a path the API does not have.
    init?(path: String) {
        var segments: [String] = []
        for part in path.split(separator: "/") {
            guard let decoded = Self.decoded(part) else { return nil }
            segments.append(decoded)
        }
        guard let route = Self.route(segments) else { return nil }
        self = route
    }

    private static func route(_ path: [String]) -> RegistryRoute? {
        switch (path.first, path.count) {
        case (nil, _): .root
        case ("schemas", _): schemas(Array(path.dropFirst()))
        case ("subjects", _): subjects(Array(path.dropFirst()))
        case ("compatibility", 4) where path[1] == "subjects" && path[3] == "versions":
            .compatibility(path[2], version: nil)
        case ("compatibility", 5) where path[1] == "subjects" && path[3] == "versions":
            .compatibility(path[2], version: path[4])
        case ("config", 1): .config(nil)
        case ("config", 2): .config(path[1])
        case ("mode", 1): .mode(nil)
        case ("mode", 2): .mode(path[1])
        case ("contexts", 1): .contexts
        case ("v1", 3) where path[1] == "metadata" && path[2] == "id": .clusterID
        case ("v1", 3) where path[1] == "metadata" && path[2] == "version": .serverVersion
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
        case 0: .subjects
        case 1: .subject(path[0])
        case 2 where path[1] == "versions": .versions(path[0])
        case 3 where path[1] == "versions": .version(path[0], path[2])
        case 4 where path[1] == "versions" && path[3] == "schema": .versionText(path[0], path[2])
        case 4 where path[1] == "versions" && path[3] == "referencedby":
            .referencedBy(path[0], path[2])
        default: nil
        }
    }

    /// RFC 3986; `nil` when it is no UTF-8 or a percent sign stands alone.
    static func decoded(_ part: some StringProtocol) -> String? {
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

    /// A subject in a path must be a name that can be written again.
    var subject: String? {
        switch self {
        case .subject(let name), .versions(let name), .version(let name, _),
            .versionText(let name, _), .referencedBy(let name, _),
            .compatibility(let name, _):
            name
        case .config(let name), .mode(let name): name
        case .root, .clusterID, .serverVersion, .contexts, .schemas, .schemaTypes, .schema,
            .schemaText, .schemaSubjects, .schemaVersions, .schemaByGUID, .idsOfGUID, .subjects:
            nil
        }
    }
}
