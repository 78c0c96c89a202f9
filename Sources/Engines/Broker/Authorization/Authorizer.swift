// Who may do what: the access rules of the metadata log, and those who stand above them.

import KafkaProtocol
import Synchronization

/// Kafka's StandardAuthorizer. Asked for every request, so it keeps the rules in an index.
package final class Authorizer: Sendable {
    private struct Rules {
        var index = AclIndex()
        var changes = -1
    }

    private let superUsers: Set<KafkaPrincipal>
    /// Kafka's `allow.everyone.if.no.acl.found`.
    private let allowsEveryoneIfNoAcl: Bool
    private let rules = Mutex(Rules())

    package init(superUsers: [KafkaPrincipal], allowEveryoneIfNoAcl: Bool) {
        self.superUsers = Set(superUsers)
        allowsEveryoneIfNoAcl = allowEveryoneIfNoAcl
    }

    /// - Returns: `nil` when access is not controlled.
    convenience init?(_ configuration: Authorization, _ metadata: MetadataLog) {
        switch configuration {
        case .none: return nil
        case .acls(let superUsers, let allowEveryoneIfNoAcl):
            self.init(superUsers: superUsers, allowEveryoneIfNoAcl: allowEveryoneIfNoAcl)
            metadata.observe { [self] image in update(image) }
        }
    }

    package func update(_ image: MetadataImage) {
        rules.withLock { rules in
            guard rules.changes != image.aclChanges else { return }
            rules = Rules(index: AclIndex(image.acls.values), changes: image.aclChanges)
        }
    }

    /// - Parameter host: the client's address.
    package func authorize(
        _ principal: KafkaPrincipal, host: String, _ operation: AclOperation,
        _ resource: AclResource
    ) -> Bool {
        if superUsers.contains(principal) { return true }
        let index = rules.withLock { $0.index }
        switch index.verdict(principal, host: host, operation, resource) {
        case .allowed: return true
        case .denied: return false
        case .unknownResource: return allowsEveryoneIfNoAcl
        }
    }

    /// Whether the operation is allowed for some resource of the type, one that is not there perhaps.
    package func authorizeSome(
        _ principal: KafkaPrincipal, host: String, _ operation: AclOperation,
        _ type: AclResourceType
    ) -> Bool {
        if superUsers.contains(principal) { return true }
        let index = rules.withLock { $0.index }
        if index.allowsSome(principal, host: host, operation, type) { return true }
        guard allowsEveryoneIfNoAcl else { return false }
        // Some name has no rule at all, unless one rule speaks of every name.
        let everyName = AclResource(type, AccessControlEntry.everyName)
        return index.verdict(principal, host: host, operation, everyName) == .unknownResource
    }
}

extension BrokerCore {
    /// Whether the client of a request may do this. Everybody may where no authorizer is configured.
    func allows(_ reply: Reply, _ operation: AclOperation, _ resource: AclResource) -> Bool {
        guard let authorizer else { return true }
        return authorizer.authorize(
            reply.principal, host: reply.clientAddress, operation, resource)
    }

    /// Whether the client may do this to some resource of the type.
    func allowsSome(_ reply: Reply, _ operation: AclOperation, _ type: AclResourceType) -> Bool {
        guard let authorizer else { return true }
        return authorizer.authorizeSome(
            reply.principal, host: reply.clientAddress, operation, type)
    }

    /// What the client may do to a resource, as bits of Kafka's AclOperation numbers.
    func authorizedOperations(_ reply: Reply, _ resource: AclResource) -> Int32 {
        resource.type.operations.filter { allows(reply, $0, resource) }
            .reduce(0) { $0 | 1 << Int32($1.rawValue) }
    }

    /// Whether an idempotent producer may get an id: allowed to, or to write to some topic.
    func allowsIdempotentWrite(_ reply: Reply) -> Bool {
        allows(reply, .idempotentWrite, .cluster) || allowsSome(reply, .write, .topic)
    }
}
