// All roles at one moment, and what each of them may do.

import CQLProtocol
import MillraceBase
import Synchronization

/// What a role may do by itself and by the roles granted to it.
struct Rights: Sendable {
    var isSuper = false
    /// Itself and all that were granted to it, at any distance.
    var roles: Set<String> = []
    /// By the resource's name.
    var granted: [String: Set<CQLPermission>] = [:]

    func has(_ permission: CQLPermission, on resource: CQLResource) -> Bool {
        isSuper || resource.chain.contains { granted[$0.name]?.contains(permission) ?? false }
    }
}

/// An immutable picture of roles and identities.
final class AuthState: Sendable {
    let roles: [String: Role]
    /// Identities of certificates, and the roles they stand for.
    let identities: [String: String]
    /// Rights that were asked for already: statements ask for them each time they run.
    private let known = Mutex<[String: Rights]>([:])

    init(roles: [String: Role], identities: [String: String]) {
        self.roles = roles
        self.identities = identities
    }

    /// - Parameter documents: of the `meta` family.
    init(_ documents: [[UInt8]: JSONValue]) throws(StatementError) {
        var roles: [String: Role] = [:]
        var identities: [String: String] = [:]
        for (key, document) in documents {
            if key.starts(with: RoleStorage.rolePrefix) {
                guard let role = RoleStorage.role(document) else {
                    throw .server("a stored role is damaged")
                }
                roles[role.name] = role
            } else if key.starts(with: RoleStorage.identityPrefix) {
                guard let identity = document["identity"]?.string,
                    let role = document["role"]?.string
                else { throw .server("a stored identity is damaged") }
                identities[identity] = role
            }
        }
        if roles.isEmpty { roles[Role.initial.name] = .initial }
        self.roles = roles
        self.identities = identities
    }

    func rights(of name: String) -> Rights {
        if let found = known.withLock({ $0[name] }) { return found }
        let made = makeRights(name)
        // Only of roles that are there: a name from outside must not fill the memory.
        if roles[name] != nil { known.withLock { $0[name] = made } }
        return made
    }

    private func makeRights(_ name: String) -> Rights {
        var rights = Rights()
        for member in members(of: name, recursive: true) {
            guard let role = roles[member] else { continue }
            rights.roles.insert(member)
            rights.isSuper = rights.isSuper || role.isSuperuser
            for (resource, granted) in role.permissions {
                rights.granted[resource, default: []].formUnion(granted)
            }
        }
        return rights
    }

    /// The role itself and those granted to it: directly, or at any distance.
    func members(of name: String, recursive: Bool) -> Set<String> {
        guard let role = roles[name] else { return [] }
        guard recursive else { return role.memberOf.union([name]) }
        var found: Set<String> = [name]
        var waiting = Array(role.memberOf)
        while let next = waiting.popLast() {
            guard found.insert(next).inserted else { continue }
            waiting += roles[next]?.memberOf ?? []
        }
        return found
    }
}

/// A change of roles, not yet written.
struct AuthEdit {
    var state: AuthState
    var savedRoles: Set<String> = []
    var removedRoles: Set<String> = []
    var savedIdentities: Set<String> = []
    var removedIdentities: Set<String> = []

    func save(to batch: inout WriteBatch) {
        // The first role is not on disk before there is another document of a role.
        let initial = Role.initial
        let first = state.roles[initial.name] == initial ? [initial.name] : []
        for name in savedRoles.union(first) {
            guard let role = state.roles[name] else { continue }
            batch.putMeta(RoleStorage.key(ofRole: name), RoleStorage.document(role).bytes)
        }
        for name in savedIdentities {
            guard let role = state.identities[name] else { continue }
            batch.putMeta(
                RoleStorage.key(ofIdentity: name),
                RoleStorage.document(identity: name, role: role).bytes)
        }
        for name in removedRoles { batch.deleteMeta(RoleStorage.key(ofRole: name)) }
        for name in removedIdentities { batch.deleteMeta(RoleStorage.key(ofIdentity: name)) }
    }
}
