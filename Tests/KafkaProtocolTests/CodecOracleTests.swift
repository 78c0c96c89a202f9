// Messages as an independent codec writes them: bytes and values, at every version, both ways.

import Foundation
import MillraceBase
import NIOCore
import Testing

@testable import KafkaProtocol

/// One line of a file of vectors; `Compatibility/codec_oracle.py` writes them with kafka-python's
/// schema classes.
private struct OracleVector: Decodable {
    /// "FetchRequest".
    var message: String
    var version: Int16
    /// Hexadecimal digits.
    var bytes: String
    /// What stands in front of them in a frame.
    var header: String
    /// By Kafka's field names; see `WireValue`.
    var values: WireValue

    var frame: [UInt8] {
        let content = KafkaProtocolTests.bytes(header + bytes)
        var size = ByteBuffer(integer: Int32(content.count))
        return (size.readBytes(length: 4) ?? []) + content
    }
}

@Suite("Independent codec")
struct CodecOracleTests {
    /// Goal: the same values are the same bytes, whoever writes and whoever reads.
    ///
    /// Method: `Tests/Fixtures/kafka-messages.ndjson` is a draw of a fixed seed that is kept. The file
    /// that `MILLRACE_CODEC_VECTORS` names is a fresh one of `Compatibility/test_codec_oracle.py`.
    @Test(arguments: files)
    func agrees(file: String) throws {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let decoder = JSONDecoder()
        var count = 0
        for line in text.split(separator: "\n") {
            let vector = try decoder.decode(OracleVector.self, from: Data(line.utf8))
            try Self.compare(vector)
            count += 1
        }
        #expect(count > 0)
        print("codec oracle: \(count) vectors agree")
    }

    /// Goal: every message at every version has a vector in the kept file, or says why not.
    @Test func nothingIsLeftOut() throws {
        let text = try String(contentsOfFile: Self.kept, encoding: .utf8)
        let decoder = JSONDecoder()
        var seen: Set<String> = []
        for line in text.split(separator: "\n") {
            let vector = try decoder.decode(OracleVector.self, from: Data(line.utf8))
            seen.insert("\(vector.message) \(vector.version)")
        }
        let missing = ApiKey.allCases.flatMap { key in
            key.versions.flatMap { version in
                Self.names(key.request).map { "\($0) \(version)" }
            }
        }.filter { !seen.contains($0) }
        #expect(Set(missing) == Self.unknownToTheOracle)
    }

    /// kafka-python 3.0.12 does not know them; `NewerMessageTests` has bytes written by hand.
    private static let unknownToTheOracle: Set<String> = Set(
        ["Request", "Response"].flatMap { kind in
            [
                "ApiVersions\(kind) 5", "DeleteGroups\(kind) 3", "TxnOffsetCommit\(kind) 6",
                "ConsumerGroupHeartbeat\(kind) 0", "ConsumerGroupHeartbeat\(kind) 1",
                "ConsumerGroupDescribe\(kind) 0", "ConsumerGroupDescribe\(kind) 1",
            ]
        })

    private static let kept = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fixtures/kafka-messages.ndjson").standardized.path
    private static var files: [String] {
        [kept, ProcessInfo.processInfo.environment["MILLRACE_CODEC_VECTORS"]].compactMap { $0 }
    }

    private static func names<Request: KafkaRequest>(_ request: Request.Type) -> [String] {
        ["\(Request.self)", "\(Request.Response.self)"].map {
            $0.replacing("InitProducerID", with: "InitProducerId")
        }
    }

    private static func compare(_ vector: OracleVector) throws {
        for key in ApiKey.allCases where try matches(key.request, vector) { return }
        Issue.record("\(vector.message) is not known")
    }

    private static func matches<Request: KafkaRequest>(
        _ request: Request.Type, _ vector: OracleVector
    ) throws -> Bool {
        let names = names(request)
        if vector.message == names[0] {
            try frame(agree(Request.self, vector), vector)
            return true
        }
        if vector.message == names[1] {
            let response = try agree(Request.Response.self, vector)
            try frame(request, response, vector)
            return true
        }
        return false
    }

    private static func agree<Message: KafkaMessage>(
        _ type: Message.Type, _ vector: OracleVector
    ) throws -> Message {
        let version = vector.version
        let what = Comment(rawValue: "\(type) v\(version) \(vector.bytes)")
        let isFlexible = type.isFlexible(version)
        // Theirs, read by us: the values are those that they wrote.
        let expected = bytes(vector.bytes)
        let read = Result { try Message(reading: expected, version: version) }
        guard case .success(var message) = read else {
            Issue.record("\(what) \(read)")
            return Message()
        }
        var noting = NotingCoder(version: version, isFlexible: isFlexible)
        try message.fields(&noting)
        #expect(noting.value == vector.values, what)
        // Their values, written by us: the bytes are those that they wrote.
        var giving = GivingCoder(version: version, isFlexible: isFlexible, value: vector.values)
        var given = Message()
        try given.fields(&giving)
        #expect(try given.bytes(version: version) == expected, what)
        return given
    }

    private static func frame<Request: KafkaRequest>(
        _ request: Request, _ vector: OracleVector
    ) throws {
        let client = "größe"
        let ours = try request.frame(
            version: vector.version, correlationID: 7, clientID: client)
        let frame = vector.frame
        #expect(Array(ours.readableBytesView) == frame, "\(Request.self) v\(vector.version)")
        var theirs = ByteBuffer(bytes: frame.dropFirst(4))
        let header = try RequestHeader(from: &theirs)
        #expect(header.correlationID == 7 && header.clientID == client)
        #expect(header.apiKey == Request.apiKey.rawValue)
        #expect(hex(theirs.readableBytesView) == vector.bytes)
    }

    private static func frame<Request: KafkaRequest>(
        _ request: Request.Type, _ response: Request.Response, _ vector: OracleVector
    ) throws {
        let pieces = try request.responseFrame(
            response, version: vector.version, correlationID: 7)
        let frame = vector.frame
        let ours = pieces.flatMap { Array($0.readableBytesView) }
        #expect(ours == frame, "\(Request.Response.self) v\(vector.version)")
        var theirs = ByteBuffer(bytes: frame.dropFirst(4))
        let read = try ResponseHeader.read(
            from: &theirs, key: Request.apiKey, version: vector.version)
        #expect(read == 7)
        #expect(hex(theirs.readableBytesView) == vector.bytes)
    }
}
