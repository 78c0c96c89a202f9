// A schema's content as its record has it, read when somebody asks: a start reads thousands of
// records, and most of them are never asked for.

import MillraceBase
import MillraceSchemas
import Synchronization

/// Shared by all copies of a version.
final class StoredContent: Sendable {
    private enum State {
        /// A record's value, looked over: a JSON object whose text is at this place.
        case raw([UInt8])
        case read(SchemaContent)
    }

    private let state: Mutex<State>

    init(_ content: SchemaContent) { state = Mutex(.read(content)) }

    /// - Parameter raw: the value of a record, an object with a known type and a text.
    init(raw: [UInt8]) { state = Mutex(.raw(raw)) }

    var content: SchemaContent {
        state.withLock { state in
            switch state {
            case .read(let content): return content
            case .raw(let bytes):
                let content = Self.content(of: bytes)
                state = .read(content)
                return content
            }
        }
    }

    /// What cannot be read is empty: the record's outline was checked before.
    private static func content(of bytes: [UInt8]) -> SchemaContent {
        let body = (try? JSONParser.parse(bytes)) ?? .null
        let kind = SchemaKind(rawValue: body["schemaType"]?.string ?? "AVRO")
        return SchemaContent(
            kind: kind ?? .avro, text: body["schema"]?.string ?? "",
            references: SchemaReference.list(body["references"]) ?? [],
            metadata: body["metadata"].flatMap { SchemaMetadata($0) },
            ruleSet: body["ruleSet"].flatMap { RuleSet($0) })
    }
}

/// Which id a content has. Entries come in a record's order and never go; they are read when the
/// first registration asks. Shared by all copies of a table.
final class ContentIndex: Sendable {
    private struct State {
        var ids: [SchemaContent: Int] = [:]
        var waiting: [(stored: StoredContent, id: Int)] = []
    }

    private let state = Mutex(State())

    func add(_ stored: StoredContent, id: Int) {
        state.withLock { $0.waiting.append((stored, id)) }
    }

    func id(of content: SchemaContent) -> Int? {
        state.withLock { state in
            Self.read(&state)
            return state.ids[content]
        }
    }

    func readAll() { state.withLock { Self.read(&$0) } }

    private static func read(_ state: inout State) {
        for (stored, id) in state.waiting { state.ids[stored.content] = id }
        state.waiting.removeAll()
    }
}
