// BATCH: several statements, one request.

package import MillraceBase
package import NIOCore

/// The body of BATCH (native_protocol_v5.spec, section 4.1.7).
package struct BatchRequest: Sendable, Equatable {
    package enum Kind: UInt8, Sendable, Hashable {
        case logged = 0
        case unlogged = 1
        case counter = 2
    }

    package struct Entry: Sendable, Equatable {
        package enum Statement: Sendable, Hashable {
            case text(String)
            case prepared(id: [UInt8])
        }

        package var statement: Statement
        package var values: CellList

        package init(_ statement: Statement, values: CellList = CellList()) {
            self.statement = statement
            self.values = values
        }
    }

    package var kind: Kind
    package var entries: [Entry]
    package var consistency: Consistency
    package var serialConsistency: Consistency?
    package var timestampMicroseconds: Int64?
    /// v5
    package var keyspace: String?
    /// v5
    package var nowInSeconds: Int32?

    package init(
        kind: Kind = .logged, entries: [Entry] = [], consistency: Consistency = .localOne
    ) {
        self.kind = kind
        self.entries = entries
        self.consistency = consistency
    }

    /// Names for values are broken in the protocol (CASSANDRA-10246) and refused.
    package static func read(
        from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> BatchRequest {
        let type = try bytes.readCQLByte("batch type")
        guard let kind = Kind(rawValue: type) else {
            throw WireError(.invalid("\(Int8(bitPattern: type))"), in: "Invalid BATCH message type")
        }
        var batch = BatchRequest(kind: kind)
        for _ in 0..<(try bytes.readCQLShort("number of statements")) {
            batch.entries.append(try Entry.read(from: &bytes, version: version))
        }
        batch.consistency = try Consistency.read(from: &bytes)
        let flags =
            version >= .v5
            ? try bytes.readCQLInt("batch flags") : Int32(try bytes.readCQLByte("batch flags"))
        guard flags & 0x40 == 0 else {
            throw WireError(
                .invalid("ask for named values, which batches do not have"), in: "batch flags")
        }
        if flags & 0x10 != 0 { batch.serialConsistency = try Consistency.read(from: &bytes) }
        if flags & 0x20 != 0 { batch.timestampMicroseconds = try bytes.readCQLLong("timestamp") }
        guard version >= .v5 else { return batch }
        if flags & 0x80 != 0 { batch.keyspace = try bytes.readCQLString("keyspace") }
        if flags & 0x100 != 0 { batch.nowInSeconds = try bytes.readCQLInt("now in seconds") }
        return batch
    }

    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        precondition(entries.count <= Int(UInt16.max), "a batch of \(entries.count) statements")
        out.writeInteger(kind.rawValue)
        out.writeInteger(UInt16(entries.count))
        for entry in entries { entry.write(to: &out) }
        out.writeInteger(consistency.rawValue)
        var flags: Int32 = 0
        if serialConsistency != nil { flags |= 0x10 }
        if timestampMicroseconds != nil { flags |= 0x20 }
        if version >= .v5, keyspace != nil { flags |= 0x80 }
        if version >= .v5, nowInSeconds != nil { flags |= 0x100 }
        if version >= .v5 { out.writeInteger(flags) } else { out.writeInteger(UInt8(flags)) }
        if let serialConsistency { out.writeInteger(serialConsistency.rawValue) }
        if let timestampMicroseconds { out.writeInteger(timestampMicroseconds) }
        guard version >= .v5 else { return }
        if let keyspace { out.writeCQLString(keyspace) }
        if let nowInSeconds { out.writeInteger(nowInSeconds) }
    }
}

extension BatchRequest.Entry {
    fileprivate static func read(
        from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> Self {
        let statement: Statement
        let kind = try bytes.readCQLByte("statement kind")
        switch kind {
        case 0: statement = .text(try bytes.readCQLLongString("statement"))
        case 1: statement = .prepared(id: try bytes.readCQLShortBytes("statement id"))
        default:
            throw WireError(
                .invalid("\(Int8(bitPattern: kind))"),
                in: "Invalid query kind in BATCH messages. Must be 0 or 1 but got")
        }
        let count = Int(try bytes.readCQLShort("number of values"))
        return Self(statement, values: try CellList.bound(count, from: &bytes, version: version))
    }

    fileprivate func write(to out: inout ByteBuffer) {
        switch statement {
        case .text(let text):
            out.writeInteger(UInt8(0))
            out.writeCQLLongString(text)
        case .prepared(let id):
            out.writeInteger(UInt8(1))
            out.writeCQLShortBytes(id)
        }
        out.writeInteger(UInt16(values.count))
        out.writeImmutableBuffer(values.bytes)
    }
}
