// A role with all that is known of it, and the form in which it is kept.

import CQLProtocol
import MillraceBase

struct Role: Sendable, Equatable {
    var name: String
    var isSuperuser = false
    var canLogin = false
    /// bcrypt's; `nil` for a role that has no password, and so cannot log in.
    var saltedHash: String?
    /// The roles that were granted to it.
    var memberOf: Set<String> = []
    /// By the resource's name.
    var permissions: [String: Set<CQLPermission>] = [:]

    init(name: String) { self.name = name }

    /// Whom a new store knows: `cassandra`, with the password that everybody knows.
    static let initial: Role = {
        var role = Role(name: "cassandra")
        role.isSuperuser = true
        role.canLogin = true
        // Made once: its password is no secret, and hashing takes a tenth of a second.
        role.saltedHash = "$2a$10$abcdefghijklmnopqrstuuPIDYShSVymzTyiCnYIYf1zEE0Em7i8."
        return role
    }()
}

/// Keys of the `meta` family: `role/NAME` and `identity/NAME`, each a JSON document.
enum RoleStorage {
    static let rolePrefix = Array("role/".utf8)
    static let identityPrefix = Array("identity/".utf8)

    static func key(ofRole name: String) -> [UInt8] { rolePrefix + Array(name.utf8) }
    static func key(ofIdentity name: String) -> [UInt8] { identityPrefix + Array(name.utf8) }

    static func document(_ role: Role) -> JSONValue {
        var permissions = JSONObject()
        for (resource, granted) in role.permissions.sorted(by: { $0.key < $1.key }) {
            permissions[resource] = .array(granted.sorted().map { .string($0.rawValue) })
        }
        var document = JSONObject()
        document["name"] = .string(role.name)
        document["superuser"] = .bool(role.isSuperuser)
        document["login"] = .bool(role.canLogin)
        document["member_of"] = .array(role.memberOf.sorted().map { .string($0) })
        document["permissions"] = .object(permissions)
        if let hash = role.saltedHash { document["salted_hash"] = .string(hash) }
        return .object(document)
    }

    /// `nil` for a document that is damaged.
    static func role(_ document: JSONValue) -> Role? {
        guard let name = document["name"]?.string else { return nil }
        var role = Role(name: name)
        role.isSuperuser = document["superuser"]?.bool ?? false
        role.canLogin = document["login"]?.bool ?? false
        role.saltedHash = document["salted_hash"]?.string
        role.memberOf = Set((document["member_of"]?.array ?? []).compactMap(\.string))
        for (resource, granted) in document["permissions"]?.object?.members ?? [] {
            role.permissions[resource] = Set(
                (granted.array ?? []).compactMap { $0.string.flatMap(CQLPermission.init) })
        }
        return role
    }

    static func document(identity: String, role: String) -> JSONValue {
        ["identity": .string(identity), "role": .string(role)]
    }
}
