// Tokens and replicas as cassandra-driver 3.30 finds them; a URL's options; policies. No socket.

import CQLClient
import CQLProtocol
import Foundation
import MillraceBase
import Testing

@Suite("CQL client, ring and options")
struct CQLClientRingTests {
    /// `Murmur3Token.hash_fn` of cassandra-driver.
    @Test(
        arguments: [
            ([], 0), ([0, 0, 0, 1], -4_069_959_284_402_364_209),
            (Array("hello world, this is longer than 16".utf8), -1_648_602_380_070_133_454),
            (Array(200...255), 4_032_995_824_025_522_200),
        ] as [([UInt8], Int64)])
    func tokens(key: [UInt8], token: Int64) { #expect(PartitionToken.of(key) == token) }

    private static let ring = TokenRing([
        .init(
            id: 0, dataCenter: "a", rack: "r1",
            tokens: [
                5_187_557_457_942_614_158, 6_582_960_470_780_362_280, 6_746_754_309_487_011_182,
            ]),
        .init(
            id: 1, dataCenter: "a", rack: "r1",
            tokens: [
                -5_720_297_781_732_648_397, -888_536_827_832_248_382, 6_549_435_970_184_405_694,
            ]),
        .init(
            id: 2, dataCenter: "a", rack: "r2",
            tokens: [
                -447_089_437_431_795_261, 2_102_169_396_385_414_778, 5_605_971_261_777_110_649,
            ]),
        .init(
            id: 3, dataCenter: "b", rack: "r1",
            tokens: [
                -6_607_713_467_406_502_782, -5_789_073_693_455_906_732, -985_182_458_400_441_964,
            ]),
        .init(
            id: 4, dataCenter: "b", rack: "r2",
            tokens: [713_769_272_303_038_246, 2_480_216_081_659_408_168, 7_201_248_935_695_146_304]),
        .init(
            id: 5, dataCenter: "b", rack: "r3",
            tokens: [
                -1_915_510_389_950_314_699, -867_091_727_562_154_567, 1_760_492_710_964_800_360,
            ]),
        .init(
            id: 6, dataCenter: "a", rack: "r2",
            tokens: [
                2_271_319_057_742_530_664, 2_768_320_932_762_453_119, 4_407_220_095_905_396_631,
            ]),
        .init(
            id: 7, dataCenter: "b", rack: "r1",
            tokens: [
                -8_565_694_324_606_583_340, -8_058_184_880_770_253_129, 6_118_814_987_828_270_725,
            ]),
    ])

    /// Token, then the replicas by SimpleStrategy 3, and by {a: 3, b: 2} and {a: 1, b: 4}.
    private static let expected: [(Int64, [Int], Set<Int>, Set<Int>)] = [
        (-8_565_694_324_606_583_340, [7, 3, 1], [7, 5, 1, 2, 6], [7, 5, 4, 3, 1]),
        (-5_720_297_781_732_648_397, [1, 5, 3], [5, 3, 1, 2, 6], [5, 3, 4, 7, 1]),
        (-867_091_727_562_154_567, [5, 2, 4], [5, 4, 2, 0, 6], [5, 4, 7, 3, 2]),
        (2_102_169_396_385_414_778, [2, 6, 4], [4, 7, 2, 0, 6], [4, 7, 5, 3, 2]),
        (4_407_220_095_905_396_631, [6, 0, 2], [7, 4, 6, 0, 2], [7, 4, 5, 3, 6]),
        (6_549_435_970_184_405_694, [1, 0, 4], [4, 7, 1, 2, 0], [4, 7, 5, 3, 1]),
    ]

    @Test func replicas() {
        let wide = ReplicationStrategy([
            "class": "org.apache.cassandra.locator.NetworkTopologyStrategy", "a": "3", "b": "2",
        ])
        let narrow = ReplicationStrategy(["class": "NetworkTopologyStrategy", "a": "1", "b": "4"])
        for (token, simple, first, second) in Self.expected {
            // A node's own token is the end of what it owns.
            for offset: Int64 in [0, -1] {
                let found = { Self.ring.replicas(of: token + offset, $0) }
                #expect(found(.simple(factor: 3)) == simple)
                #expect(Set(found(wide)) == first)
                #expect(Set(found(narrow)) == second)
            }
        }
        #expect(Self.ring.replicas(of: .max, .simple(factor: 1)) == [7])
        #expect(Set(Self.ring.replicas(of: 0, .simple(factor: 99))).count == 8)
        #expect(Self.ring.replicas(of: 0, .everywhere).count == 8)
        #expect(
            Self.ring.replicas(of: 0, ReplicationStrategy(["class": "LocalStrategy"])).count == 8)
        #expect(TokenRing([]).replicas(of: 0, .simple(factor: 1)).isEmpty)
        #expect(
            ReplicationStrategy(["class": "SimpleStrategy", "replication_factor": "3/1"])
                == .simple(factor: 2))
    }

    @Test func readsOptions() throws {
        let url =
            "cassandra://h1,h2:9142/ks?local_dc=x&discovery=false&token_aware=0&page_size=7"
            + "&serial_consistency=LOCAL_SERIAL&speculative_ms=9&compression=snappy"
        let options = try SessionOptions(Endpoint.parse(url), environment: [:])
        #expect(options.hosts.map(\.port) == [9_042, 9_142])
        #expect(options.keyspace == "ks" && options.localDataCenter == "x")
        #expect(!options.discovers && !options.routesByToken && options.pageSize == 7)
        #expect(options.serialConsistency == .localSerial && options.speculation.most == 2)
        #expect(options.compression == .snappy && options.user == nil)
    }

    /// Goal: the URL over the file, the file over the environment; never half of two.
    @Test func findsThePassword() throws {
        let path = NSTemporaryDirectory() + "cql-password-\(UUID().uuidString)"
        try "ada:lovelace\nmore".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let environment = ["CQL_USER": "env", "CQL_PASSWORD": "secret"]
        func login(_ url: String) throws -> [String?] {
            let options = try SessionOptions(Endpoint.parse(url), environment: environment)
            return [options.user, options.password]
        }
        #expect(try login("cassandra://h") == ["env", "secret"])
        #expect(try login("cassandra://me:mine@h?password_file=\(path)") == ["me", "mine"])
        #expect(try login("cassandra://h?password_file=\(path)") == ["ada", "lovelace"])
        #expect(try login("cassandra://me@h?password_file=\(path)") == ["me", "ada:lovelace"])
        #expect(try login("cassandra://me@h") == ["me", "secret"])
    }

    /// The rules of the Java driver's DefaultRetryPolicy.
    @Test func decides() {
        typealias Detail = CQLServerError.Detail
        func decision(
            _ code: ServerErrorCode, _ detail: Detail, retries: Int = 0, _ idempotent: Bool = true
        )
            -> CQLRetryPolicy.Decision
        {
            let error = CQLError.server(CQLServerError(code, "", detail), host: "h")
            return CQLRetryPolicy.standard.decide(
                CQLFailedTry(error, isIdempotent: idempotent, retries: retries))
        }
        func read(_ received: Int32, _ hasData: Bool) -> Detail {
            .readTimeout(consistency: .one, received: received, blockFor: 2, dataPresent: hasData)
        }
        func write(_ type: String) -> Detail {
            .writeTimeout(
                consistency: .one, received: 0, blockFor: 1, writeType: type, contentions: nil)
        }
        #expect(decision(.readTimeout, read(2, false)) == .retrySame(nil))
        #expect(decision(.readTimeout, read(2, true)) == .rethrow)
        #expect(decision(.readTimeout, read(1, false)) == .rethrow)
        #expect(decision(.readTimeout, read(2, false), retries: 1) == .rethrow)
        #expect(decision(.writeTimeout, write("BATCH_LOG")) == .retrySame(nil))
        #expect(decision(.writeTimeout, write("BATCH_LOG"), false) == .rethrow)
        #expect(decision(.writeTimeout, write("SIMPLE")) == .rethrow)
        let away = Detail.unavailable(consistency: .one, required: 1, alive: 0)
        #expect(decision(.unavailable, away, false) == .retryNext)
        #expect(decision(.unavailable, away, retries: 1) == .rethrow)
        let failed = Detail.writeFailure(
            consistency: .one, received: 0, blockFor: 1, failures: .init(count: 1),
            writeType: "SIMPLE")
        #expect(decision(.writeFailure, failed) == .rethrow)
    }
}
