// Which ids have a GUID. It is counted out when somebody asks, so that a start need not.

/// One meaning of an id.
struct SchemaIdentity: Sendable, Hashable, Comparable {
    var context: String
    var id: Int

    static func < (a: Self, b: Self) -> Bool { (a.context, a.id) < (b.context, b.id) }
}

struct GUIDIndex {
    private var known: [String: Set<SchemaIdentity>] = [:]
    private var waiting: Set<SchemaIdentity> = []

    mutating func add(_ version: SchemaVersion) {
        waiting.insert(
            SchemaIdentity(context: QualifiedSubject(version.subject).context, id: version.id))
    }

    /// In the contexts' order.
    mutating func identities(_ guid: String, in table: SchemaTable) -> [SchemaIdentity] {
        for identity in waiting {
            let found = table.versions(id: identity.id, context: identity.context).first
            guard let found else { continue }
            known[found.content.guid, default: []].insert(identity)
        }
        waiting.removeAll()
        return (known[guid.lowercased()] ?? []).sorted()
    }
}
