// Levels, modes and all else that a subject, a context or the whole registry is configured with.

public import MillraceBase
public import MillraceSchemas
import NIOHTTP1

/// The names of modes as Schema Registry writes them.
public enum SubjectMode: String, Sendable, CaseIterable {
    case readWrite = "READWRITE"
    case readOnly = "READONLY"
    case readOnlyOverride = "READONLY_OVERRIDE"
    case importing = "IMPORT"
    case forward = "FORWARD"
}

/// What is configured. In an update, what is `nil` stays as it is.
public struct RegistryConfig: Sendable, Equatable {
    public var level: CompatibilityLevel?
    public var alias: String?
    public var normalizes: Bool?
    public var validatesFields: Bool?
    /// The metadata property whose value divides versions that need not get on with each other.
    public var group: String?
    public var policy: CompatibilityPolicy?
    /// All else, as the API has it: `defaultMetadata`, `overrideRuleSet`…
    public var others: [String: JSONValue] = [:]

    public init(level: CompatibilityLevel? = nil) { self.level = level }

    init(_ answer: JSONValue) {
        for (name, value) in answer.object?.members ?? [] {
            switch name {
            case "compatibility", "compatibilityLevel":
                level = value.string.flatMap(CompatibilityLevel.init(rawValue:))
            case "alias": alias = value.string
            case "normalize": normalizes = value.bool
            case "validateFields": validatesFields = value.bool
            case "compatibilityGroup": group = value.string
            case "compatibilityPolicy":
                policy = value.string.flatMap(CompatibilityPolicy.init(rawValue:))
            default: others[name] = value
            }
        }
    }

    var body: JSONValue {
        var object = JSONObject()
        if let level { object["compatibility"] = .string(level.rawValue) }
        if let alias { object["alias"] = .string(alias) }
        if let normalizes { object["normalize"] = .bool(normalizes) }
        if let validatesFields { object["validateFields"] = .bool(validatesFields) }
        if let group { object["compatibilityGroup"] = .string(group) }
        if let policy { object["compatibilityPolicy"] = .string(policy.rawValue) }
        for (name, value) in others.sorted(by: { $0.key < $1.key }) { object[name] = value }
        return .object(object)
    }
}

extension RegistryConnection {
    /// - Parameter subject: `nil` is the level of all subjects without one of their own.
    public func compatibility(of subject: String? = nil) async throws(RegistryError)
        -> CompatibilityLevel
    {
        guard let level = try await config(of: subject).level else {
            throw .badAnswer("no \"compatibilityLevel\"")
        }
        return level
    }

    public func setCompatibility(_ level: CompatibilityLevel, of subject: String? = nil)
        async throws(RegistryError)
    {
        _ = try await setConfig(RegistryConfig(level: level), of: subject)
    }

    /// - Parameters:
    ///   - subject: a subject or a context; `nil` is all.
    ///   - isInScope: what counts for it, also when it is configured further up. Otherwise its own,
    ///     and 40408 when it has none.
    public func config(of subject: String? = nil, isInScope: Bool = true)
        async throws(RegistryError) -> RegistryConfig
    {
        let query = ["defaultToGlobal": (isInScope && subject != nil).parameter]
        return RegistryConfig(try await transport.call(.GET, RegistryPath.config(subject, query)))
    }

    /// - Returns: what is configured now.
    public func setConfig(_ config: RegistryConfig, of subject: String? = nil)
        async throws(RegistryError) -> RegistryConfig
    {
        RegistryConfig(try await transport.call(.PUT, RegistryPath.config(subject), config.body))
    }

    /// - Returns: what was configured.
    public func deleteConfig(of subject: String? = nil) async throws(RegistryError)
        -> RegistryConfig
    {
        RegistryConfig(try await transport.call(.DELETE, RegistryPath.config(subject)))
    }

    /// - Parameter isInScope: as with `config`; the code is 40409 when it has none.
    public func mode(of subject: String? = nil, isInScope: Bool = true)
        async throws(RegistryError) -> SubjectMode
    {
        let query = ["defaultToGlobal": (isInScope && subject != nil).parameter]
        return try Self.mode(try await transport.call(.GET, RegistryPath.mode(subject, query)))
    }

    /// - Parameter isForced: to IMPORT although there are schemas.
    public func setMode(_ mode: SubjectMode, of subject: String? = nil, isForced: Bool = false)
        async throws(RegistryError)
    {
        _ = try await transport.call(
            .PUT, RegistryPath.mode(subject, ["force": isForced.parameter]),
            ["mode": .string(mode.rawValue)])
    }

    /// - Returns: the mode it had.
    public func deleteMode(of subject: String, isRecursive: Bool = false)
        async throws(RegistryError) -> SubjectMode
    {
        let path = RegistryPath.mode(subject, ["recursive": isRecursive.parameter])
        return try Self.mode(try await transport.call(.DELETE, path))
    }

    private static func mode(_ answer: JSONValue) throws(RegistryError) -> SubjectMode {
        guard let mode = answer["mode"]?.string.flatMap(SubjectMode.init(rawValue:)) else {
            throw .badAnswer("no \"mode\", or one that is not known")
        }
        return mode
    }
}
