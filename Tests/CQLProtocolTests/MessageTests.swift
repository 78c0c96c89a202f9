// Requests and responses: round trips, the Python driver's bytes, every cut.

import CQLProtocol
import MillraceBase
import NIOCore
import Testing

@Suite("CQL messages")
struct MessageTests {
    private static func cells(_ cells: [[UInt8]?], unset: Bool = false) -> CellList {
        var list = CellList()
        for cell in cells { list.append(cell) }
        if unset { list.appendUnset() }
        return list
    }

    private static func fullParameters(_ version: ProtocolVersion) -> QueryParameters {
        var parameters = QueryParameters(consistency: .quorum)
        parameters.values = cells([[1, 2], nil, []], unset: version > .v3)
        parameters.skipsMetadata = true
        parameters.pageSize = 77
        parameters.pagingState = [9, 8]
        parameters.serialConsistency = .localSerial
        parameters.timestampMicroseconds = -5
        if version == .v5 {
            parameters.keyspace = "ks"
            parameters.nowInSeconds = 1_700_000_000
        }
        return parameters
    }

    static func requests(_ version: ProtocolVersion) -> [CQLRequest] {
        var named = QueryParameters(consistency: .one)
        named.values = cells([[1], nil])
        named.names = ["a", "B c"]
        var batch = BatchRequest(kind: .counter, consistency: .all)
        batch.entries = [
            .init(.text("UPDATE t SET a = 1"), values: cells([])),
            .init(.prepared(id: [1, 2, 3]), values: cells([[4], nil])),
        ]
        batch.serialConsistency = .serial
        batch.timestampMicroseconds = 12
        if version == .v5 {
            batch.keyspace = "k"
            batch.nowInSeconds = 3
        }
        return [
            .options, .startup(["CQL_VERSION": "3.4.7", "COMPRESSION": "lz4"]),
            .authResponse([0, 1]), .authResponse(nil),
            .query("SELECT 1", QueryParameters(consistency: .localOne)),
            .query("SELECT ü", fullParameters(version)), .query("x", named),
            .prepare("INSERT", keyspace: version == .v5 ? "ks" : nil), .prepare("i", keyspace: nil),
            .execute(
                id: [7, 7], resultMetadataID: version == .v5 ? [5] : nil, fullParameters(version)),
            .batch(batch), .register([.schemaChange, .statusChange]),
        ]
    }

    /// Goal: what we write is what we read, traced and with a payload too; no cut passes.
    @Test(arguments: ProtocolVersion.allCases)
    func requestsSurviveTheRoundTrip(version: ProtocolVersion) throws {
        for request in Self.requests(version) {
            let payload: CustomPayload? = version > .v3 ? ["p": [1], "q": nil] : nil
            for sent in [
                RequestEnvelope(request),
                RequestEnvelope(request, isTraced: true, customPayload: payload),
            ] {
                var writer = FrameWriter()
                try writer.write(sent, stream: 3, version: version)
                var reader = FrameReader()
                reader.append(flushed(&writer))
                let envelope = try #require(try reader.next())
                #expect(try RequestEnvelope(reading: envelope, version: version) == sent)
                refuseCuts(of: envelope) { try RequestEnvelope(reading: $0, version: version) }
            }
        }
    }

    private func refuseCuts(of envelope: Envelope, _ read: (Envelope) throws -> some Equatable) {
        var longer = envelope
        longer.body.writeInteger(UInt8(0))
        if !Self.endsOpen(envelope) { #expect(throws: WireError.self) { try read(longer) } }
        for length in 0..<envelope.body.readableBytes {
            var cut = envelope
            cut.body.moveWriterIndex(to: cut.body.readerIndex + length)
            // An optional last field may be missing: contentions.
            if Self.endsOpen(envelope) {
                _ = try? read(cut)
            } else {
                #expect(throws: WireError.self) { try read(cut) }
            }
        }
    }

    private static func endsOpen(_ envelope: Envelope) -> Bool { envelope.knownOpcode == .error }

    /// Goal: bytes are those of cassandra-driver 3.30.1 (cassandra.protocol, encode_message).
    @Test(arguments: DriverRequests.all)
    func requestsAreTheDriversBytes(wire: String) throws {
        var reader = FrameReader()
        reader.append(buffer(bytes(hex: wire)))
        let envelope = try #require(try reader.next())
        let version = try #require(envelope.protocolVersion)
        let request = try RequestEnvelope(reading: envelope, version: version)
        var writer = FrameWriter()
        try writer.write(request, stream: envelope.stream, version: version)
        let written = hex(flushed(&writer).readableBytesView)
        #expect(written == wire)
    }

    /// Goal: the fields land where they belong, not only back where they came from.
    @Test func readsTheDriversQuery() throws {
        let wire =
            "05000007070000002d0000000f53454c454354202a2046524f4d2074000a0000003c0000138800000002"
            + "0102000900060a24181e4000"
        var reader = FrameReader()
        reader.append(buffer(bytes(hex: wire)))
        let request = try RequestEnvelope(reading: #require(try reader.next()), version: .v5)
        guard case .query(let text, let parameters) = request.request else {
            Issue.record("no query")
            return
        }
        #expect(text == "SELECT * FROM t")
        #expect(parameters.consistency == .localOne)
        #expect(parameters.pageSize == 5_000)
        #expect(parameters.pagingState == [1, 2])
        #expect(parameters.serialConsistency == .localSerial)
        #expect(parameters.timestampMicroseconds == 1_700_000_000_000_000)
    }

    /// Goal: before v4 any negative length is null.
    @Test func unsetIsNullInV3() throws {
        var wire = ByteBuffer()
        wire.writeMultipleIntegers(UInt16(1), UInt8(1), UInt16(1), Int32(-2))
        #expect(try QueryParameters.read(from: &wire, version: .v3).values[0] == .null)
        wire.clear()
        wire.writeMultipleIntegers(UInt16(1), UInt8(1), UInt16(1), Int32(-3))
        #expect(throws: WireError.self) { try QueryParameters.read(from: &wire, version: .v4) }
    }

    @Test func refusesNamedValuesInABatch() throws {
        var wire = ByteBuffer()
        wire.writeMultipleIntegers(UInt8(0), UInt16(0), UInt16(1), UInt8(0x40))
        #expect(throws: WireError.self) { try BatchRequest.read(from: &wire, version: .v4) }
    }

    @Test(arguments: ProtocolVersion.allCases)
    func responsesSurviveTheRoundTrip(version: ProtocolVersion) throws {
        for response in Self.responses(version) {
            var rich = ResponseEnvelope(
                response, tracingID: CQLUUID.random(), warnings: version > .v3 ? ["w", "ü"] : [])
            rich.customPayload = version > .v3 ? ["k": [3]] : nil
            for sent in [ResponseEnvelope(response), rich] {
                var writer = FrameWriter()
                try writer.write(sent, stream: -1, version: version)
                var reader = FrameReader()
                reader.append(flushed(&writer))
                let envelope = try #require(try reader.next())
                #expect(try ResponseEnvelope(reading: envelope, version: version) == sent)
                refuseCuts(of: envelope) { try ResponseEnvelope(reading: $0, version: version) }
            }
        }
    }

    /// Goal: rows are found by row and column, and built as they are read.
    @Test func buildsRows() throws {
        var writer = RowsWriter(metadata: ResultMetadata(columns: Self.columns))
        for number in 0..<100 {
            try writer.append(.int(Int32(number)), as: .int)
            if number % 2 == 0 { writer.appendNull() } else { writer.append([UInt8(number)]) }
            writer.endRow()
        }
        let content = writer.finish(pagingState: [1])
        var wire = ByteBuffer()
        CQLResult.builtRows(content).write(to: &wire, version: .v5)
        guard case .rows(let rows) = try CQLResult.read(from: &wire, version: .v5) else {
            Issue.record("no rows")
            return
        }
        #expect(rows.rowCount == 100)
        #expect(rows.metadata.pagingState == [1])
        #expect(try rows.cells.value(rows.index(row: 41, column: 0), as: .int) == .int(41))
        #expect(rows.cells[rows.index(row: 40, column: 1)] == .null)
        #expect(try rows.cells.value(rows.index(row: 41, column: 1), as: .blob) == .blob([41]))
        #expect(try content.result() == rows)
    }

    /// Goal: a claimed number of rows takes no memory, also of rows without columns.
    @Test(arguments: ["00000001", "00000000"])
    func refusesClaimedRows(columns: String) throws {
        var wire = buffer(bytes(hex: "0000000200000004" + columns + "7fffffff"))
        #expect(throws: WireError.self) { try CQLResult.read(from: &wire, version: .v4) }
    }
}
