// Responses of every kind, and requests as the Python driver writes them.

import CQLProtocol
import NIOCore

/// Whole envelopes by cassandra-driver 3.30.1: `encode_message(message, 7, version, None, False)`.
enum DriverRequests {
    static let all = [
        "030000070500000000",
        "030000070b000000310003000f544f504f4c4f47595f4348414e4745000d5354415455535f4348414e47"
            + "45000d534348454d415f4348414e4745",
        "03000007070000002a0000000f53454c454354202a2046524f4d2074000a3c0000138800000002010200"
            + "0900060a24181e4000",
        "0300000709000000200000001c494e5345525420494e544f2074202861292056414c55455320283f29",
        "030000070a0000001f0002aabb0006250002000000027631ffffffff000000640000000000000005",
        "030000070d0000002d010002000000000d44454c4554452046524f4d2074000001000109000100000001"
            + "78000120000000000000004d",
        "030000070f000000080000000400750070",
        "040000070500000000",
        "040000070b000000310003000f544f504f4c4f47595f4348414e4745000d5354415455535f4348414e47"
            + "45000d534348454d415f4348414e4745",
        "04000007070000002a0000000f53454c454354202a2046524f4d2074000a3c0000138800000002010200"
            + "0900060a24181e4000",
        "0400000709000000200000001c494e5345525420494e544f2074202861292056414c55455320283f29",
        "040000070a000000230002aabb0006250003000000027631fffffffffffffffe00000064000000000000"
            + "0005",
        "040000070d0000002d010002000000000d44454c4554452046524f4d2074000001000109000100000001"
            + "78000120000000000000004d",
        "040000070f000000080000000400750070",
        "050000070500000000",
        "050000070b000000310003000f544f504f4c4f47595f4348414e4745000d5354415455535f4348414e47"
            + "45000d534348454d415f4348414e4745",
        "05000007070000002d0000000f53454c454354202a2046524f4d2074000a0000003c0000138800000002"
            + "0102000900060a24181e4000",
        "0500000709000000240000001c494e5345525420494e544f2074202861292056414c55455320283f2900"
            + "000000",
        "050000070a000000290002aabb0001cc0006000000250003000000027631fffffffffffffffe00000064"
            + "0000000000000005",
        "050000070d00000030010002000000000d44454c4554452046524f4d2074000001000109000100000001"
            + "78000100000020000000000000004d",
        "050000070f000000080000000400750070",
    ]
}

extension MessageTests {
    static let columns = [
        CQLColumn(keyspace: "ks", table: "t", name: "a", type: .int),
        CQLColumn(keyspace: "ks", table: "t", name: "b", type: .blob),
    ]

    private static func rows(_ metadata: ResultMetadata) -> CQLResult {
        var cells = CellList()
        for number in 0..<3 {
            cells.append([0, 0, 0, UInt8(number)])
            cells.append(number == 1 ? nil : [])
        }
        return .rows(RowsResult(metadata: metadata, rowCount: 3, cells: cells))
    }

    static func responses(_ version: ProtocolVersion) -> [CQLResponse] {
        var twoTables = columns
        twoTables[1].table = "u"
        let changed = ResultMetadata(
            columns: twoTables, pagingState: [1, 2], changedID: version == .v5 ? [4, 5] : nil)
        let prepared = PreparedResult(
            id: [1, 2], resultMetadataID: version == .v5 ? [3] : nil,
            bind: BindMetadata(
                columns: columns, partitionKeyIndexes: version > .v3 ? [1, 0] : []),
            result: ResultMetadata(columns: twoTables))
        let results: [CQLResult] = [
            .void, .setKeyspace("ks"), .prepared(prepared),
            .prepared(
                PreparedResult(
                    id: [1], resultMetadataID: version == .v5 ? [] : nil, bind: BindMetadata(),
                    result: ResultMetadata())),
            rows(ResultMetadata(columns: columns)), rows(changed),
            rows(ResultMetadata(columns: columns).omittingColumns),
        ]
        return [
            .ready, .authenticate("org.apache.cassandra.auth.PasswordAuthenticator"),
            .authChallenge([1]), .authSuccess(nil), .authSuccess([]),
            .supported(["CQL_VERSION": ["3.4.7"], "COMPRESSION": []]),
        ] + results.map { .result($0) } + changes.map { .result(.schemaChange($0)) }
            + changes.map { .event(.schemaChange($0)) } + statusEvents.map { .event($0) }
            + errors(version).map { .error($0) }
    }

    private static let changes: [SchemaChange] = [
        SchemaChange(.created, keyspace: "ks"), SchemaChange(.updated, keyspace: "ks", .table("t")),
        SchemaChange(.dropped, keyspace: "ks", .type("u")),
        SchemaChange(.created, keyspace: "ks", .function("f", argumentTypes: ["int", "text"])),
        SchemaChange(.created, keyspace: "ks", .aggregate("g", argumentTypes: [])),
    ]

    private static let statusEvents: [CQLEvent] = ["127.0.0.1", "::1"].compactMap { text in
        CQLInet(text)
    }.flatMap { address -> [CQLEvent] in
        [
            .topologyChange(change: "NEW_NODE", address: address, port: 9_042),
            .statusChange(change: "UP", address: address, port: 9_042),
        ]
    }

    private static func errors(_ version: ProtocolVersion) -> [CQLServerError] {
        let reasons = CQLInet("10.0.0.1").map {
            [CQLServerError.Failures.Reason(address: $0, code: 2)]
        }
        let failures = CQLServerError.Failures(
            count: 1, reasons: version == .v5 ? reasons ?? [] : [])
        let known: [CQLServerError] = [
            CQLServerError(.serverError, "boom"), CQLServerError(.protocolError, "bad"),
            CQLServerError(.badCredentials, "who"), CQLServerError(.overloaded, ""),
            CQLServerError(
                .unavailable, "u", .unavailable(consistency: .quorum, required: 2, alive: 1)),
            CQLServerError(
                .writeTimeout, "w",
                .writeTimeout(
                    consistency: .one, received: 0, blockFor: 1, writeType: "CAS",
                    contentions: version == .v5 ? 7 : nil)),
            CQLServerError(
                .readTimeout, "r",
                .readTimeout(consistency: .one, received: 0, blockFor: 1, dataPresent: true)),
            CQLServerError(
                .readFailure, "rf",
                .readFailure(
                    consistency: .all, received: 1, blockFor: 2, failures: failures,
                    dataPresent: false)),
            CQLServerError(
                .functionFailure, "ff",
                .functionFailure(keyspace: "k", function: "f", argumentTypes: ["int"])),
            CQLServerError(
                .writeFailure, "wf",
                .writeFailure(
                    consistency: .all, received: 1, blockFor: 2, failures: failures,
                    writeType: "SIMPLE")),
            CQLServerError(
                .casWriteUnknown, "cas",
                .casWriteUnknown(consistency: .serial, received: 1, blockFor: 2)),
            CQLServerError(.alreadyExists, "ae", .alreadyExists(keyspace: "k", table: "")),
            CQLServerError(.unprepared, "un", .unprepared(id: [1, 2, 3])),
            CQLServerError(.syntaxError, "line 1"), CQLServerError(.invalid, "no"),
            CQLServerError(.unauthorized, "no"), CQLServerError(.configurationError, "no"),
            CQLServerError(.truncateError, "no"), CQLServerError(.isBootstrapping, "no"),
            CQLServerError(.cdcWriteFailure, "no"),
        ]
        // Older versions hear of these in other codes (`ErrorBytesTests`).
        return known.filter { error in
            switch error.code {
            case .readFailure, .writeFailure, .functionFailure: version >= .v4
            case .casWriteUnknown: version >= .v5
            default: true
            }
        }
    }
}
