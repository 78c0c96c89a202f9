// What the columns of a result, or the markers of a statement, are.

package import MillraceBase
package import NIOCore

/// A column of a result or a bind marker of a statement.
package struct CQLColumn: Sendable, Hashable {
    package var keyspace: String
    package var table: String
    package var name: String
    package var type: CQLType

    package init(keyspace: String, table: String, name: String, type: CQLType) {
        self.keyspace = keyspace
        self.table = table
        self.name = name
        self.type = type
    }
}

/// The metadata of rows (native_protocol_v5.spec, section 4.2.5.2).
package struct ResultMetadata: Sendable, Equatable {
    /// Empty when the client asked to leave it out; `columnCount` is there anyway.
    package var columns: [CQLColumn]
    package var columnCount: Int
    /// There are more pages; opaque.
    package var pagingState: [UInt8]?
    /// v5: the statement's result has changed, this is the new id of its metadata.
    package var changedID: [UInt8]?

    package init(
        columns: [CQLColumn] = [], pagingState: [UInt8]? = nil, changedID: [UInt8]? = nil
    ) {
        self.columns = columns
        columnCount = columns.count
        self.pagingState = pagingState
        self.changedID = changedID
    }

    /// The same without the columns, for a client that knows them.
    package var omittingColumns: ResultMetadata {
        var other = self
        other.columns = []
        return other
    }

    private enum Flag {
        static let globalTable: Int32 = 0x01
        static let hasMorePages: Int32 = 0x02
        static let noMetadata: Int32 = 0x04
        static let changed: Int32 = 0x08
    }

    package static func read(from bytes: inout ByteBuffer) throws(WireError) -> ResultMetadata {
        let flags = try bytes.readCQLInt("metadata flags")
        let count = Int(try bytes.readCQLInt("number of columns"))
        guard (0...CQLLimits.columnsMax).contains(count) else {
            throw WireError(.badLength(Int64(count)), in: "number of columns")
        }
        var metadata = ResultMetadata()
        if flags & Flag.hasMorePages != 0 {
            metadata.pagingState = try bytes.readCQLBytes("paging state")
        }
        if flags & Flag.changed != 0 {
            metadata.changedID = try bytes.readCQLShortBytes("metadata id")
        }
        metadata.columnCount = count
        guard flags & Flag.noMetadata == 0 else { return metadata }
        metadata.columns = try CQLColumn.readList(
            count, isGlobal: flags & Flag.globalTable != 0, from: &bytes)
        return metadata
    }

    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        let isOmitted = columns.isEmpty && columnCount > 0
        let isGlobal = !columns.isEmpty && CQLColumn.areOfOneTable(columns)
        var flags: Int32 = 0
        if isGlobal { flags |= Flag.globalTable }
        if pagingState != nil { flags |= Flag.hasMorePages }
        if isOmitted { flags |= Flag.noMetadata }
        if version >= .v5, changedID != nil { flags |= Flag.changed }
        out.writeMultipleIntegers(flags, Int32(columnCount))
        if let pagingState { out.writeCQLBytes(pagingState) }
        if version >= .v5, let changedID { out.writeCQLShortBytes(changedID) }
        if !isOmitted {
            CQLColumn.writeList(columns, isGlobal: isGlobal, to: &out, version: version)
        }
    }
}

/// The metadata of a prepared statement's bind markers (section 4.2.5.4).
package struct BindMetadata: Sendable, Equatable {
    package var columns: [CQLColumn]
    /// v4 and later: for each partition key column in order, which marker binds it. Empty when not
    /// all of them are bound.
    package var partitionKeyIndexes: [UInt16]

    package init(columns: [CQLColumn] = [], partitionKeyIndexes: [UInt16] = []) {
        self.columns = columns
        self.partitionKeyIndexes = partitionKeyIndexes
    }

    package static func read(
        from bytes: inout ByteBuffer, version: ProtocolVersion
    ) throws(WireError) -> BindMetadata {
        let flags = try bytes.readCQLInt("metadata flags")
        let count = Int(try bytes.readCQLInt("number of markers"))
        guard (0...CQLLimits.columnsMax).contains(count) else {
            throw WireError(.badLength(Int64(count)), in: "number of markers")
        }
        var metadata = BindMetadata()
        if version >= .v4 {
            let keyCount = try bytes.readCQLCount("partition key indexes", bytesEach: 2)
            for _ in 0..<keyCount {
                metadata.partitionKeyIndexes.append(try bytes.readCQLShort("partition key index"))
            }
        }
        metadata.columns = try CQLColumn.readList(count, isGlobal: flags & 1 != 0, from: &bytes)
        return metadata
    }

    package func write(to out: inout ByteBuffer, version: ProtocolVersion) {
        let isGlobal = !columns.isEmpty && CQLColumn.areOfOneTable(columns)
        out.writeMultipleIntegers(Int32(isGlobal ? 1 : 0), Int32(columns.count))
        if version >= .v4 {
            out.writeInteger(Int32(partitionKeyIndexes.count))
            for index in partitionKeyIndexes { out.writeInteger(index) }
        }
        CQLColumn.writeList(columns, isGlobal: isGlobal, to: &out, version: version)
    }
}

extension CQLColumn {
    fileprivate static func areOfOneTable(_ columns: [CQLColumn]) -> Bool {
        columns.allSatisfy {
            $0.table == columns[0].table && $0.keyspace == columns[0].keyspace
        }
    }

    /// `[<keyspace><table>]` once or before each, then name and type of each.
    fileprivate static func readList(
        _ count: Int, isGlobal: Bool, from bytes: inout ByteBuffer
    ) throws(WireError) -> [CQLColumn] {
        var keyspace = ""
        var table = ""
        if isGlobal {
            keyspace = try bytes.readCQLString("column's keyspace")
            table = try bytes.readCQLString("column's table")
        }
        var columns: [CQLColumn] = []
        for _ in 0..<count {
            if !isGlobal {
                keyspace = try bytes.readCQLString("column's keyspace")
                table = try bytes.readCQLString("column's table")
            }
            let name = try bytes.readCQLString("column's name")
            columns.append(
                CQLColumn(
                    keyspace: keyspace, table: table, name: name,
                    type: try CQLType.read(from: &bytes)))
        }
        return columns
    }

    fileprivate static func writeList(
        _ columns: [CQLColumn], isGlobal: Bool, to out: inout ByteBuffer, version: ProtocolVersion
    ) {
        if isGlobal {
            out.writeCQLString(columns[0].keyspace)
            out.writeCQLString(columns[0].table)
        }
        for column in columns {
            if !isGlobal {
                out.writeCQLString(column.keyspace)
                out.writeCQLString(column.table)
            }
            out.writeCQLString(column.name)
            column.type.write(to: &out, version: version)
        }
    }
}
