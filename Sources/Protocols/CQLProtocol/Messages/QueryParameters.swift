// What goes with a statement: values, consistency, paging, timestamp.

package import MillraceBase
package import NIOCore

/// The parameters of QUERY and EXECUTE (native_protocol_v5.spec, section 4.1.4).
package struct QueryParameters: Sendable, Equatable {
    package var consistency: Consistency
    package var values = CellList()
    /// One for each value, or empty when the values are by position. Names are as the client wrote
    /// them: case matters.
    package var names: [String] = []
    package var skipsMetadata = false
    /// Rows a page; `nil` for all at once.
    package var pageSize: Int32?
    package var pagingState: [UInt8]?
    package var serialConsistency: Consistency?
    /// Microseconds since 1970-01-01T00:00Z, by the client's clock.
    package var timestampMicroseconds: Int64?
    /// v5: the keyspace of names without one.
    package var keyspace: String?
    /// v5: the time by which TTLs count, in seconds since 1970.
    package var nowInSeconds: Int32?

    package init(consistency: Consistency = .localOne) { self.consistency = consistency }

    private enum Flag {
        static let values: UInt32 = 0x01
        static let skipMetadata: UInt32 = 0x02
        static let pageSize: UInt32 = 0x04
        static let pagingState: UInt32 = 0x08
        static let serialConsistency: UInt32 = 0x10
        static let timestamp: UInt32 = 0x20
        static let names: UInt32 = 0x40
        static let keyspace: UInt32 = 0x80
        static let nowInSeconds: UInt32 = 0x100
        static let all: UInt32 = 0x1FF
    }

    package static func read(
        from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> QueryParameters {
        var parameters = QueryParameters(consistency: try Consistency.read(from: &bytes))
        let flags =
            version >= .v5
            ? UInt32(bitPattern: try bytes.readCQLInt("query flags"))
            : UInt32(try bytes.readCQLByte("query flags"))
        guard flags & ~(version >= .v5 ? Flag.all : 0x7F) == 0 else {
            throw WireError(.unsupported(Int(flags)), in: "query flags")
        }
        if flags & Flag.values != 0 {
            try parameters.readValues(
                from: &bytes, areNamed: flags & Flag.names != 0, version: version)
        }
        parameters.skipsMetadata = flags & Flag.skipMetadata != 0
        if flags & Flag.pageSize != 0 { parameters.pageSize = try bytes.readCQLInt("page size") }
        if flags & Flag.pagingState != 0 {
            parameters.pagingState = try bytes.readCQLBytes("paging state")
        }
        if flags & Flag.serialConsistency != 0 {
            parameters.serialConsistency = try Consistency.read(from: &bytes)
        }
        if flags & Flag.timestamp != 0 {
            parameters.timestampMicroseconds = try bytes.readCQLLong("timestamp")
        }
        if flags & Flag.keyspace != 0 { parameters.keyspace = try bytes.readCQLString("keyspace") }
        if flags & Flag.nowInSeconds != 0 {
            parameters.nowInSeconds = try bytes.readCQLInt("now in seconds")
        }
        return parameters
    }

    private mutating func readValues(
        from bytes: inout ByteBuffer, areNamed: Bool, version: ProtocolVersion
    ) throws(WireError) {
        let count = Int(try bytes.readCQLShort("number of values"))
        guard areNamed else {
            values = try CellList.bound(count, from: &bytes, version: version)
            return
        }
        var cells = ByteBuffer()
        for _ in 0..<count {
            names.append(try bytes.readCQLString("value's name"))
            let value = try CellList.bound(1, from: &bytes, version: version)
            cells.writeImmutableBuffer(value.bytes)
        }
        values = try CellList(reading: count, from: &cells, field: "values")
    }

    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        precondition(names.isEmpty || names.count == values.count, "one name for each value")
        var flags: UInt32 = 0
        if !values.isEmpty { flags |= Flag.values }
        if !names.isEmpty { flags |= Flag.names }
        if skipsMetadata { flags |= Flag.skipMetadata }
        if pageSize != nil { flags |= Flag.pageSize }
        if pagingState != nil { flags |= Flag.pagingState }
        if serialConsistency != nil { flags |= Flag.serialConsistency }
        if timestampMicroseconds != nil { flags |= Flag.timestamp }
        if version >= .v5, keyspace != nil { flags |= Flag.keyspace }
        if version >= .v5, nowInSeconds != nil { flags |= Flag.nowInSeconds }
        out.writeInteger(consistency.rawValue)
        if version >= .v5 { out.writeInteger(flags) } else { out.writeInteger(UInt8(flags)) }
        if !values.isEmpty { writeValues(to: &out) }
        if let pageSize { out.writeInteger(pageSize) }
        if let pagingState { out.writeCQLBytes(pagingState) }
        if let serialConsistency { out.writeInteger(serialConsistency.rawValue) }
        if let timestampMicroseconds { out.writeInteger(timestampMicroseconds) }
        guard version >= .v5 else { return }
        if let keyspace { out.writeCQLString(keyspace) }
        if let nowInSeconds { out.writeInteger(nowInSeconds) }
    }

    private func writeValues(to out: inout ByteBuffer) {
        out.writeInteger(UInt16(values.count))
        guard !names.isEmpty else {
            out.writeImmutableBuffer(values.bytes)
            return
        }
        for (index, name) in names.enumerated() {
            out.writeCQLString(name)
            values.writeCell(index, to: &out)
        }
    }
}

extension Consistency {
    static func read(from bytes: inout ByteBuffer) throws(WireError) -> Consistency {
        let code = try bytes.readCQLShort("consistency")
        guard let level = Consistency(rawValue: code) else {
            throw WireError(.invalid("\(code) for a consistency level"), in: "Unknown code")
        }
        return level
    }
}

extension CellList {
    /// Bound values. Before v4 there is no unset: any negative length is null there.
    static func bound(
        _ count: Int, from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> CellList {
        let list = try CellList(reading: count, from: &bytes, field: "values")
        guard version < .v4, (0..<count).contains(where: list.isUnset) else { return list }
        var nulled = CellList()
        for index in 0..<count {
            list.withBytes(of: index) { cell in
                if let cell { nulled.append(cell) } else { nulled.appendNull() }
            }
        }
        return nulled
    }

    func writeCell(_ index: Int, to out: inout ByteBuffer) {
        switch self[index] {
        case .null: out.writeInteger(Int32(-1))
        case .unset: out.writeInteger(Int32(-2))
        case .bytes(let slice):
            out.writeInteger(Int32(slice.readableBytes))
            out.writeImmutableBuffer(slice)
        }
    }
}
