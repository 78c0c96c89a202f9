// Which access rules apply, and what they say: Kafka's StandardAuthorizer.

import KafkaProtocol
import Testing

@testable import MillraceBroker

@Suite("Access rules")
struct AclTests {
    static func rule(
        _ permission: AclPermission, _ operation: AclOperation, on resource: AclResource,
        _ pattern: AclPatternType = .literal, for principal: String = "User:a",
        host: String = "*"
    ) -> AccessControlEntry {
        AccessControlEntry(
            resource: resource, pattern: pattern, principal: principal, host: host,
            operation: operation, permission: permission)
    }

    static let anna = KafkaPrincipal(name: "a")

    private func verdict(
        _ rules: [AccessControlEntry], _ operation: AclOperation, _ resource: AclResource,
        host: String = "10.0.0.1", _ principal: KafkaPrincipal = anna
    ) -> AclIndex.Verdict {
        AclIndex(rules).verdict(principal, host: host, operation, resource)
    }

    @Test func patterns() {
        let literal = [Self.rule(.allow, .read, on: .topic("logs"))]
        #expect(verdict(literal, .read, .topic("logs")) == .allowed)
        #expect(verdict(literal, .read, .topic("logs2")) == .unknownResource)
        #expect(verdict(literal, .read, .group("logs")) == .unknownResource)
        let prefixed = [Self.rule(.allow, .read, on: .topic("lo"), .prefixed)]
        #expect(verdict(prefixed, .read, .topic("logs")) == .allowed)
        #expect(verdict(prefixed, .read, .topic("lo")) == .allowed)
        #expect(verdict(prefixed, .read, .topic("l")) == .unknownResource)
        let every = [Self.rule(.allow, .read, on: .topic("*"))]
        #expect(verdict(every, .read, .topic("logs")) == .allowed)
    }

    @Test func denialWins() {
        let rules = [
            Self.rule(.allow, .all, on: .topic("logs")),
            Self.rule(.deny, .write, on: .topic("lo"), .prefixed),
        ]
        #expect(verdict(rules, .read, .topic("logs")) == .allowed)
        #expect(verdict(rules, .write, .topic("logs")) == .denied)
    }

    @Test func principalsAndHosts() {
        let rules = [Self.rule(.allow, .read, on: .topic("t"), host: "10.0.0.1")]
        #expect(verdict(rules, .read, .topic("t")) == .allowed)
        #expect(verdict(rules, .read, .topic("t"), host: "10.0.0.2") == .denied)
        #expect(verdict(rules, .read, .topic("t"), KafkaPrincipal(name: "b")) == .denied)
        let all = [Self.rule(.allow, .read, on: .topic("t"), for: "User:*")]
        #expect(verdict(all, .read, .topic("t"), .anonymous) == .allowed)
    }

    @Test func allowingImpliesSeeing() {
        for operation in [AclOperation.read, .write, .delete, .alter] {
            let rules = [Self.rule(.allow, operation, on: .topic("t"))]
            #expect(verdict(rules, .describe, .topic("t")) == .allowed)
            #expect(verdict(rules, .describeConfigs, .topic("t")) == .denied)
        }
        let configs = [Self.rule(.allow, .alterConfigs, on: .topic("t"))]
        #expect(verdict(configs, .describeConfigs, .topic("t")) == .allowed)
        #expect(verdict(configs, .describe, .topic("t")) == .denied)
        // Denying more does not deny less.
        let denied = [
            Self.rule(.deny, .read, on: .topic("t")), Self.rule(.allow, .describe, on: .topic("t")),
        ]
        #expect(verdict(denied, .describe, .topic("t")) == .allowed)
    }

    @Test func whereNoRuleSpeaks() throws {
        let open = Authorizer(superUsers: [], allowEveryoneIfNoAcl: true)
        let closed = Authorizer(
            superUsers: [KafkaPrincipal(name: "root")], allowEveryoneIfNoAcl: false)
        var image = MetadataImage()
        try image.apply(
            .accessControlEntry(
                Self.rule(.allow, .read, on: .topic("t"), for: "User:b").record(
                    id: KafkaUUID(high: 1, low: 1))))
        open.update(image)
        closed.update(image)
        #expect(open.authorize(Self.anna, host: "h", .read, .topic("other")))
        #expect(!open.authorize(Self.anna, host: "h", .read, .topic("t")))
        #expect(!closed.authorize(Self.anna, host: "h", .read, .topic("other")))
        #expect(closed.authorize(KafkaPrincipal(name: "root"), host: "h", .read, .topic("t")))
        #expect(open.authorizeSome(Self.anna, host: "h", .write, .topic))
        #expect(!closed.authorizeSome(Self.anna, host: "h", .write, .topic))
    }

    @Test func someResourceOfAType() {
        func allows(_ rules: [AccessControlEntry]) -> Bool {
            AclIndex(rules).allowsSome(Self.anna, host: "h", .write, .topic)
        }
        #expect(allows([Self.rule(.allow, .write, on: .topic("t"))]))
        #expect(!allows([Self.rule(.allow, .read, on: .topic("t"))]))
        #expect(
            !allows([
                Self.rule(.allow, .write, on: .topic("t")),
                Self.rule(.deny, .write, on: .topic("t")),
            ]))
        #expect(
            !allows([
                Self.rule(.allow, .write, on: .topic("te"), .prefixed),
                Self.rule(.deny, .write, on: .topic("t"), .prefixed),
            ]))
        #expect(
            allows([
                Self.rule(.allow, .write, on: .topic("t"), .prefixed),
                Self.rule(.deny, .write, on: .topic("te"), .prefixed),
            ]))
        #expect(
            !allows([
                Self.rule(.allow, .write, on: .topic("*")), Self.rule(.deny, .all, on: .topic("*")),
            ]))
    }

    // MARK: Filters

    @Test func filters() {
        let literal = Self.rule(.allow, .read, on: .topic("logs"))
        let prefixed = Self.rule(.allow, .read, on: .topic("lo"), .prefixed)
        let every = Self.rule(.deny, .write, on: .topic("*"))
        let all = [literal, prefixed, every]
        func matching(_ filter: AclFilter) -> [AccessControlEntry] { all.filter(filter.matches) }
        #expect(matching(AclFilter()) == all)
        #expect(matching(AclFilter(name: "logs")) == [literal])
        #expect(matching(AclFilter(name: "logs", pattern: .match)) == all)
        #expect(matching(AclFilter(name: "lox", pattern: .match)) == [prefixed, every])
        #expect(matching(AclFilter(pattern: .prefixed)) == [prefixed])
        #expect(matching(AclFilter(name: "lo", pattern: .literal)) == [])
        #expect(matching(AclFilter(operation: .write)) == [every])
        #expect(matching(AclFilter(permission: .allow)) == [literal, prefixed])
        #expect(matching(AclFilter(type: .group)) == [])
        #expect(matching(AclFilter(principal: "User:b")) == [])
        #expect(matching(AclFilter(host: "*")) == all)
    }

    @Test func refusesRulesThatAreFilters() {
        func create(_ change: (inout CreateAclsRequest.Creation) -> Void) throws {
            _ = try AccessControlEntry(
                creating: CreateAclsRequest.Creation {
                    $0.resourceType = 2
                    $0.resourceName = "t"
                    $0.resourcePatternType = 3
                    $0.principal = "User:a"
                    $0.host = "*"
                    $0.operation = 3
                    $0.permissionType = 3
                    change(&$0)
                })
        }
        #expect(throws: Never.self) { try create { _ in } }
        let bad: [(inout CreateAclsRequest.Creation) -> Void] = [
            { $0.resourceType = 1 }, { $0.resourceType = 0 }, { $0.resourceType = 99 },
            { $0.resourcePatternType = 1 }, { $0.resourcePatternType = 2 }, { $0.operation = 1 },
            { $0.operation = 0 }, { $0.permissionType = 1 }, { $0.resourceName = "" },
            { $0.principal = "anna" }, { $0.host = "" }, { $0.resourceType = 4 },
        ]
        for change in bad { #expect(throws: TopicFault.self) { try create(change) } }
    }
}
