// What a registry said once and will always say: which schema an id is, which id a schema has.

import MillraceSchemas
import Synchronization

final class RegistryCache: Sendable {
    struct Key: Hashable {
        var subject: String
        var text: String
    }

    private struct State {
        var schemas: [Int: SchemaDocument] = [:]
        var ids: [Key: Int] = [:]
    }

    private let state = Mutex(State())

    func schema(_ id: Int) -> SchemaDocument? { state.withLock { $0.schemas[id] } }
    func id(_ key: Key) -> Int? { state.withLock { $0.ids[key] } }

    func keep(_ id: Int, _ schema: SchemaDocument) {
        state.withLock { state in
            if state.schemas.count >= RegistryLimits.cachedSchemasMax { state.schemas.removeAll() }
            state.schemas[id] = schema
        }
    }

    func keep(_ id: Int, _ key: Key, _ schema: SchemaDocument) {
        keep(id, schema)
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
}
