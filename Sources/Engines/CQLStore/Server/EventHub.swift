// Tells registered connections what changed.

import CQLProtocol
import Synchronization

final class EventHub: Sendable {
    private struct Listener: Sendable {
        var outbox: Outbox
        var version: ProtocolVersion
        var kinds: Set<CQLEventKind>
    }

    private let listeners = Mutex<[ObjectIdentifier: Listener]>([:])

    func register(_ outbox: Outbox, _ version: ProtocolVersion, _ kinds: [CQLEventKind]) {
        listeners.withLock { listeners in
            var listener =
                listeners[ObjectIdentifier(outbox)]
                ?? Listener(outbox: outbox, version: version, kinds: [])
            listener.kinds.formUnion(kinds)
            listeners[ObjectIdentifier(outbox)] = listener
        }
    }

    func remove(_ outbox: Outbox) {
        listeners.withLock { listeners in
            listeners[ObjectIdentifier(outbox)] = nil
        }
    }

    func send(_ event: CQLEvent) {
        let all = listeners.withLock { $0.values.filter { $0.kinds.contains(event.kind) } }
        for listener in all {
            listener.outbox.send(
                .event(event), stream: -1, version: listener.version, requestBytes: nil)
        }
    }
}
