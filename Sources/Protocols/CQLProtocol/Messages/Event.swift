// What a server tells its registered clients, and what DDL answers.

package import MillraceBase
package import NIOCore

/// The kinds of event that REGISTER asks for.
package enum CQLEventKind: String, Sendable, Hashable, CaseIterable {
    case topologyChange = "TOPOLOGY_CHANGE"
    case statusChange = "STATUS_CHANGE"
    case schemaChange = "SCHEMA_CHANGE"
}

/// The body of EVENT (native_protocol_v5.spec, section 4.2.6).
package enum CQLEvent: Sendable, Hashable {
    /// `change`: NEW_NODE, REMOVED_NODE.
    case topologyChange(change: String, address: CQLInet, port: Int32)
    /// `change`: UP, DOWN.
    case statusChange(change: String, address: CQLInet, port: Int32)
    case schemaChange(SchemaChange)

    package var kind: CQLEventKind {
        switch self {
        case .topologyChange: .topologyChange
        case .statusChange: .statusChange
        case .schemaChange: .schemaChange
        }
    }

    package static func read(from bytes: inout ByteBuffer) throws(WireError) -> CQLEvent {
        let name = try bytes.readCQLString("event type")
        guard let kind = CQLEventKind(rawValue: name) else {
            throw WireError(.invalid("is not known"), in: "event type")
        }
        if kind == .schemaChange { return .schemaChange(try SchemaChange.read(from: &bytes)) }
        let change = try bytes.readCQLString("event change")
        let address = try bytes.readCQLInetAddress("event address")
        let port = try bytes.readCQLInt("event port")
        return kind == .topologyChange
            ? .topologyChange(change: change, address: address, port: port)
            : .statusChange(change: change, address: address, port: port)
    }

    package func write(to out: inout ByteBuffer) {
        out.writeCQLString(kind.rawValue)
        switch self {
        case .topologyChange(let change, let address, let port),
            .statusChange(let change, let address, let port):
            out.writeCQLString(change)
            out.writeCQLInetAddress(address)
            out.writeInteger(port)
        case .schemaChange(let change): change.write(to: &out)
        }
    }
}

/// What DDL changed: the body of RESULT Schema_change and of the event.
package struct SchemaChange: Sendable, Hashable {
    package enum Change: String, Sendable, Hashable {
        case created = "CREATED"
        case updated = "UPDATED"
        case dropped = "DROPPED"
    }

    package enum Target: Sendable, Hashable {
        case keyspace
        case table(String)
        case type(String)
        case function(String, argumentTypes: [String])
        case aggregate(String, argumentTypes: [String])
    }

    package var change: Change
    package var keyspace: String
    package var target: Target

    package init(_ change: Change, keyspace: String, _ target: Target = .keyspace) {
        self.change = change
        self.keyspace = keyspace
        self.target = target
    }

    package static func read(from bytes: inout ByteBuffer) throws(WireError) -> SchemaChange {
        guard let change = Change(rawValue: try bytes.readCQLString("schema change")) else {
            throw WireError(.invalid("is not known"), in: "schema change")
        }
        let target = try bytes.readCQLString("schema target")
        let keyspace = try bytes.readCQLString("keyspace")
        switch target {
        case "KEYSPACE": return SchemaChange(change, keyspace: keyspace)
        case "TABLE":
            return SchemaChange(
                change, keyspace: keyspace, .table(try bytes.readCQLString("table")))
        case "TYPE":
            return SchemaChange(change, keyspace: keyspace, .type(try bytes.readCQLString("type")))
        case "FUNCTION", "AGGREGATE":
            let name = try bytes.readCQLString("function")
            let types = try bytes.readCQLStringList("argument types")
            return SchemaChange(
                change, keyspace: keyspace,
                target == "FUNCTION"
                    ? .function(name, argumentTypes: types)
                    : .aggregate(name, argumentTypes: types))
        default: throw WireError(.invalid("is not known"), in: "schema target")
        }
    }

    package func write(to out: inout ByteBuffer) {
        out.writeCQLString(change.rawValue)
        switch target {
        case .keyspace:
            out.writeCQLString("KEYSPACE")
            out.writeCQLString(keyspace)
        case .table(let name): writeNamed("TABLE", name, to: &out)
        case .type(let name): writeNamed("TYPE", name, to: &out)
        case .function(let name, let types):
            writeNamed("FUNCTION", name, to: &out)
            out.writeCQLStringList(types)
        case .aggregate(let name, let types):
            writeNamed("AGGREGATE", name, to: &out)
            out.writeCQLStringList(types)
        }
    }

    private func writeNamed(_ kind: String, _ name: String, to out: inout ByteBuffer) {
        out.writeCQLString(kind)
        out.writeCQLString(keyspace)
        out.writeCQLString(name)
    }
}
