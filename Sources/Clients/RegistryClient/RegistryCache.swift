// What a registry said once and will always say: which schema an id is, which id a schema has.

import MillraceSchemas
import Synchronization

final class RegistryCache: Sendable {
    struct Key: Hashable {
        var subject: String
        var text: String
        var references: [SchemaReference]
    }

    /// The same id means another schema in another context.
    struct ID: Hashable {
        var context: String
        var id: Int
    }

    private struct State {
        var schemas: [ID: SchemaDocument] = [:]
        var guids: [String: SchemaDocument] = [:]
        var ids: [Key: Int] = [:]
    }

    private let state = Mutex(State())

    func schema(_ id: ID) -> SchemaDocument? { state.withLock { $0.schemas[id] } }
    func schema(guid: String) -> SchemaDocument? { state.withLock { $0.guids[guid] } }
    func id(_ key: Key) -> Int? { state.withLock { $0.ids[key] } }

    func keep(_ id: ID, _ schema: SchemaDocument) {
        state.withLock { state in
            if state.schemas.count >= RegistryLimits.cachedSchemasMax { state.schemas.removeAll() }
            state.schemas[id] = schema
        }
    }

    func keep(guid: String, _ schema: SchemaDocument) {
        state.withLock { state in
            if state.guids.count >= RegistryLimits.cachedSchemasMax { state.guids.removeAll() }
            state.guids[guid] = schema
        }
    }

    func keep(_ id: Int, _ key: Key) {
        state.withLock { state in
            if state.ids.count >= RegistryLimits.cachedSchemasMax { state.ids.removeAll() }
            state.ids[key] = id
        }
    }

    func forget(_ subject: String) {
        state.withLock { state in
            state.ids = state.ids.filter { $0.key.subject != subject }
        }
    }

    func forgetAll() { state.withLock { $0 = State() } }

    /// ":.context:subject" and ":.context:" are of ".context".
    static func context(of subject: String?) -> String {
        guard let subject, subject.hasPrefix(":.") else { return "." }
        let rest = subject.dropFirst()
        return String(rest[..<(rest.firstIndex(of: ":") ?? rest.endIndex)])
    }
}
