// The bytes of ERROR at every version, written out by hand from the specification's section 8.

import CQLProtocol
import MillraceBase
import NIOCore
import Testing

@Suite("CQL error bytes")
struct ErrorBytesTests {
    struct Case: Sendable, CustomStringConvertible {
        var versions: [ProtocolVersion]
        var error: CQLServerError
        var bytes: String

        var description: String { "\(error.code.description) \(versions)" }
    }

    private static func error(
        _ code: ServerErrorCode, _ detail: CQLServerError.Detail = .none
    ) -> CQLServerError { CQLServerError(code, "m", detail) }

    private static let failures = CQLServerError.Failures(
        count: 1, reasons: CQLInet("127.0.0.1").map { [.init(address: $0, code: 1)] } ?? [])
    private static let readFailure = error(
        .readFailure,
        .readFailure(
            consistency: .all, received: 1, blockFor: 2, failures: failures, dataPresent: false))
    private static let writeFailure = error(
        .writeFailure,
        .writeFailure(
            consistency: .all, received: 1, blockFor: 2, failures: failures, writeType: "BATCH"))
    private static let function = error(
        .functionFailure,
        .functionFailure(keyspace: "ks", function: "fn", argumentTypes: ["int", "text"]))
    private static let unknown = error(
        .casWriteUnknown, .casWriteUnknown(consistency: .serial, received: 0, blockFor: 1))
    private static let every = ProtocolVersion.allCases

    private static func timeout(
        _ level: Consistency, _ type: String, _ contentions: UInt16?
    ) -> CQLServerError {
        error(
            .writeTimeout,
            .writeTimeout(
                consistency: level, received: 0, blockFor: 1, writeType: type,
                contentions: contentions))
    }

    static let cases: [Case] = [
        Case(versions: every, error: error(.serverError), bytes: "0000000000016d"),
        Case(versions: every, error: error(.protocolError), bytes: "0000000a00016d"),
        Case(versions: every, error: error(.badCredentials), bytes: "0000010000016d"),
        Case(
            versions: every,
            error: error(
                .unavailable, .unavailable(consistency: .quorum, required: 2, alive: 1)),
            bytes: "0000100000016d00040000000200000001"),
        Case(versions: every, error: error(.overloaded), bytes: "0000100100016d"),
        Case(versions: every, error: error(.isBootstrapping), bytes: "0000100200016d"),
        Case(versions: every, error: error(.truncateError), bytes: "0000100300016d"),
        Case(
            versions: every, error: timeout(.one, "COUNTER", nil),
            bytes: "0000110000016d000100000000000000010007434f554e544552"),
        Case(
            versions: [.v3, .v4], error: timeout(.serial, "CAS", 3),
            bytes: "0000110000016d000800000000000000010003434153"),
        Case(
            versions: [.v5], error: timeout(.serial, "CAS", 3),
            bytes: "0000110000016d0008000000000000000100034341530003"),
        Case(
            versions: every,
            error: error(
                .readTimeout,
                .readTimeout(consistency: .one, received: 0, blockFor: 1, dataPresent: true)),
            bytes: "0000120000016d0001000000000000000101"),
        // v3 does not know failures: they go as timeouts.
        Case(
            versions: [.v3], error: readFailure, bytes: "0000120000016d0005000000010000000200"),
        Case(
            versions: [.v4], error: readFailure,
            bytes: "0000130000016d000500000001000000020000000100"),
        Case(
            versions: [.v5], error: readFailure,
            bytes: "0000130000016d0005000000010000000200000001047f000001000100"),
        Case(
            versions: [.v3], error: writeFailure,
            bytes: "0000110000016d0005000000010000000200054241544348"),
        Case(
            versions: [.v4], error: writeFailure,
            bytes: "0000150000016d000500000001000000020000000100054241544348"),
        Case(
            versions: [.v5], error: writeFailure,
            bytes: "0000150000016d0005000000010000000200000001047f000001000100054241544348"),
        Case(versions: [.v3], error: function, bytes: "0000220000016d"),
        Case(
            versions: [.v4, .v5], error: function,
            bytes: "0000140000016d00026b730002666e00020003696e74000474657874"),
        // Only v5 tells that the outcome is unknown.
        Case(
            versions: [.v3, .v4], error: unknown,
            bytes: "0000110000016d000800000000000000010003434153"),
        Case(versions: [.v5], error: unknown, bytes: "0000170000016d00080000000000000001"),
        Case(versions: every, error: error(.syntaxError), bytes: "0000200000016d"),
        Case(versions: every, error: error(.unauthorized), bytes: "0000210000016d"),
        Case(versions: every, error: error(.invalid), bytes: "0000220000016d"),
        Case(versions: every, error: error(.configurationError), bytes: "0000230000016d"),
        Case(
            versions: every,
            error: error(.alreadyExists, .alreadyExists(keyspace: "ks", table: "t")),
            bytes: "0000240000016d00026b73000174"),
        Case(
            versions: every,
            error: error(.alreadyExists, .alreadyExists(keyspace: "ks", table: "")),
            bytes: "0000240000016d00026b730000"),
        Case(
            versions: every, error: error(.unprepared, .unprepared(id: [1, 2, 3])),
            bytes: "0000250000016d0003010203"),
    ]

    @Test(arguments: cases)
    func areAsSpecified(test: Case) {
        for version in test.versions {
            var out = ByteBuffer()
            test.error.write(to: &out, version: version)
            #expect(hex(out.readableBytesView) == test.bytes, "\(version)")
        }
    }

    /// Goal: what stands before a body comes in the specification's order.
    @Test func prefixesAreInOrder() throws {
        var envelope = ResponseEnvelope(
            .result(.void), tracingID: CQLUUID(high: 1, low: 2), warnings: ["w"])
        envelope.customPayload = ["k": [9]]
        var writer = FrameWriter()
        try writer.write(envelope, stream: 5, version: .v4)
        let written = hex(flushed(&writer).readableBytesView)
        #expect(
            written == "840e0005080000002300000000000000010000000000000002"
                + "00010001770001" + "00016b0000000109" + "00000001")
    }
}
