// Frames and headers, announced versions, names of errors and ids.

import MillraceBase
import NIOCore
import Testing

@testable import KafkaProtocol

@Suite("Headers and tables")
struct HeaderTests {
    /// Goal: header v1 before the first flexible version, v2 from it on; the id is never compact.
    @Test func requestHeadersAreKafkas() throws {
        let heartbeat = HeartbeatRequest {
            ($0.groupID, $0.generationID, $0.memberID) = ("g", 7, "m-1")
        }
        var classic = try heartbeat.frame(version: 3, correlationID: 5, clientID: "me")
        #expect(classic.readInteger(as: Int32.self) == 26)
        #expect(
            Array(classic.readableBytesView.prefix(12)) == [
                0, 12, 0, 3, 0, 0, 0, 5, 0, 2, 109, 101,
            ])
        var flexible = try heartbeat.frame(version: 4, correlationID: 5, clientID: nil)
        flexible.moveReaderIndex(forwardBy: 4)
        let expected: [UInt8] =
            [0, 12, 0, 4, 0, 0, 0, 5, 255, 255, 0] + [
                2, 0x67, 0, 0, 0, 7, 4, 0x6d, 0x2d, 0x31, 0, 0,
            ]
        #expect(Array(flexible.readableBytesView) == expected)
        let header = try RequestHeader(from: &flexible)
        #expect(header == RequestHeader(apiKey: 12, apiVersion: 4, correlationID: 5))
        #expect(try HeartbeatRequest(reading: flexible, version: 4) == heartbeat)
    }

    /// Goal: a compact string is no longer than one of the other form, read or written; bytes may be.
    @Test func compactStringsAreBounded() throws {
        for (length, isRight) in [(32_767, true), (32_768, false)] {
            let name = String(repeating: "g", count: length)
            var frame = ByteBuffer()
            // Version 4 of Heartbeat: the length and one as a varint, then generation, member, instance.
            let claim = UInt32(length + 1)
            frame.writeBytes([UInt8(claim & 0x7f) | 0x80, UInt8(claim >> 7 & 0x7f) | 0x80])
            frame.writeInteger(UInt8(claim >> 14))
            frame.writeString(name)
            frame.writeBytes([0, 0, 0, 7, 1, 0, 0])
            let read = try? HeartbeatRequest(reading: frame, version: 4)
            #expect(read?.groupID == (isRight ? name : nil))
            let written = try? HeartbeatRequest { $0.groupID = name }.bytes(version: 4)
            #expect((written != nil) == isRight)
        }
        let bytes = SaslAuthenticateRequest { $0.authBytes = [UInt8](repeating: 1, count: 40_000) }
        #expect(try SaslAuthenticateRequest(reading: bytes.bytes(version: 2), version: 2) == bytes)
    }

    @Test func headersAreRefusedWhenCut() throws {
        let frame = try HeartbeatRequest().frame(version: 4, correlationID: 5, clientID: "me")
        for length in 4..<17 {
            var cut = frame.getSlice(at: 4, length: length - 4) ?? ByteBuffer()
            #expect(throws: WireError.self) { try RequestHeader(from: &cut) }
        }
    }

    /// Goal: a version of ApiVersions from the future is read far enough to be answered.
    @Test func futureVersionsCanBeAnswered() throws {
        var frame = ByteBuffer(bytes: [0, 18, 0, 99, 0, 0, 0, 1, 0, 1, 97, 0, 1, 2, 3])
        let header = try RequestHeader(from: &frame)
        #expect(header.apiVersion == 99)
        #expect(header.clientID == "a")
        let answer = try ApiVersionsResponse.unsupportedVersion.bytes(version: 0)
        #expect(answer == [0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 5])
    }

    /// Goal: ApiVersions keeps response header v0; other flexible responses have v1.
    @Test func responseHeadersAreKafkas() throws {
        let versions = try ApiVersionsRequest.responseFrame(
            ApiVersionsResponse(), version: 3, correlationID: 9)
        #expect(Array(versions[0].readableBytesView.prefix(9)) == [0, 0, 0, 12, 0, 0, 0, 9, 0])
        var beat = try HeartbeatRequest.responseFrame(
            HeartbeatResponse(), version: 4, correlationID: 9)[0]
        #expect(
            Array(beat.readableBytesView) == [0, 0, 0, 12, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0])
        beat.moveReaderIndex(forwardBy: 4)
        #expect(try ResponseHeader.read(from: &beat, key: .heartbeat, version: 4) == 9)
        #expect(beat.readableBytes == 7)
    }

    /// Goal: large records go out as they came in, between the pieces around them.
    @Test func recordsAreNotCopied() throws {
        let records = ByteBuffer(repeating: 1, count: 10_000)
        let response = FetchResponse {
            $0.responses = [
                FetchResponse.TopicResponse {
                    $0.topic = "t"
                    $0.partitions = [
                        FetchResponse.TopicResponse.PartitionData { $0.records = records }
                    ]
                }
            ]
        }
        let pieces = try FetchRequest.responseFrame(response, version: 12, correlationID: 1)
        #expect(pieces.count == 3)
        let start = records.withUnsafeReadableBytes { $0.baseAddress }
        #expect(pieces[1].withUnsafeReadableBytes { $0.baseAddress } == start)
        var whole = ByteBuffer()
        for piece in pieces { whole.writeImmutableBuffer(piece) }
        #expect(whole.readInteger(as: Int32.self) == Int32(whole.readableBytes))
        _ = try ResponseHeader.read(from: &whole, key: .fetch, version: 12)
        #expect(try FetchResponse(reading: whole, version: 12) == response)
    }

    /// Goal: what is read shares the frame's memory.
    @Test func recordsAreSlicesOfTheFrame() throws {
        let request = ProduceRequest {
            $0.topicData = [
                ProduceRequest.TopicData {
                    $0.partitionData = [
                        ProduceRequest.TopicData.PartitionData {
                            $0.records = ByteBuffer(repeating: 7, count: 100)
                        }
                    ]
                }
            ]
        }
        var frame = ByteBuffer()
        try request.write(into: &frame, version: 9)
        let read = try ProduceRequest(reading: frame, version: 9)
        let records = try #require(read.topicData[0].partitionData[0].records)
        let inside = frame.withUnsafeReadableBytes { whole in
            records.withUnsafeReadableBytes { part in
                part.baseAddress.map { whole.baseAddress.map($0.distance(to:)) ?? 0 } ?? 0
            }
        }
        #expect(inside < 0 && -inside < frame.readableBytes)
    }

    /// Goal: Produce is announced from 0 (A3), and is read from 3.
    @Test func announcesWhatIsServed() {
        let answer = ApiVersionsResponse.announcing([.fetch, .produce])
        #expect(answer.apiKeys.map(\.apiKey) == [0, 1])
        #expect(answer.apiKeys.map(\.minVersion) == [0, 4])
        #expect(answer.apiKeys.map(\.maxVersion) == [13, 18])
        #expect(ProduceRequest.versions.lowerBound == 3)
    }

    @Test func errorsHaveKafkasNames() {
        #expect(KafkaErrorCode.none.name == "NONE")
        #expect(KafkaErrorCode.unknownServerError.name == "UNKNOWN_SERVER_ERROR")
        #expect(KafkaErrorCode.memberIDRequired.name == "MEMBER_ID_REQUIRED")
        #expect(KafkaErrorCode.memberIDRequired.rawValue == 79)
        #expect(KafkaErrorCode(rawValue: 133).name == "SHARE_SESSION_LIMIT_REACHED")
        #expect(KafkaErrorCode(rawValue: 999).name == "ERROR_999")
        #expect(KafkaErrorCode.leaderNotAvailable.isRetriable)
        #expect(!KafkaErrorCode.invalidTopicException.isRetriable)
    }

    /// Method: Python's uuid and base64 modules made the texts.
    @Test func idsHaveKafkasText() {
        #expect(topicID.description == "ABEiM0RVZneImaq7zN3u_w")
        #expect(KafkaUUID("ABEiM0RVZneImaq7zN3u_w") == topicID)
        #expect(KafkaUUID.zero.description == "AAAAAAAAAAAAAAAAAAAAAA")
        #expect(KafkaUUID("ABEiM0RVZneImaq7zN3u_x") == nil)
        #expect(KafkaUUID("ABEiM0RVZneImaq7zN3u_") == nil)
        #expect(KafkaUUID("ABEiM0RVZneImaq7zN3u!w") == nil)
        var generator = SeededGenerator(state: 1)
        for _ in 0..<200 {
            let id = KafkaUUID.random(using: &generator)
            #expect(KafkaUUID(id.description) == id)
            #expect(!id.description.hasPrefix("-"))
        }
    }

    /// Goal: unknown tagged fields are passed over, wherever they stand.
    @Test func unknownTagsArePassedOver() throws {
        let known: [UInt8] = [2, 0x67, 0, 0, 0, 7, 4, 0x6d, 0x2d, 0x31, 0]
        let tagged = known + [2, 5, 1, 0xff, 9, 0]
        let read = try HeartbeatRequest(reading: tagged, version: 4)
        #expect(read.memberID == "m-1")
        #expect(throws: WireError.self) {
            // Tags must rise.
            try HeartbeatRequest(reading: known + [2, 9, 0, 5, 0], version: 4)
        }
    }

    /// Goal: a count of two thousand million costs nothing.
    @Test func countsAreNotBelieved() {
        let huge: [UInt8] = [0x7f, 0xff, 0xff, 0xff, 0, 0]
        #expect(throws: WireError(.cutShort, in: "Topics")) {
            try MetadataRequest(reading: huge, version: 1)
        }
        #expect(throws: WireError(.badLength(-2), in: "Topics")) {
            try MetadataRequest(reading: [0xff, 0xff, 0xff, 0xfe], version: 1)
        }
    }

    /// Goal: consumers' own bytes are read, newer versions included.
    @Test func readsSubscriptions() throws {
        let bytes: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 1, 0x74, 255, 255, 255, 255]
        let subscription = try ConsumerSubscription.readVersioned(ByteBuffer(bytes: bytes))
        #expect(subscription.topics == ["t"])
        #expect(try subscription.versionedBytes(version: 0) == ByteBuffer(bytes: bytes))
        var newer = try subscription.versionedBytes(version: 3)
        newer.setInteger(9, at: 0, as: Int16.self)
        newer.writeBytes([1, 2, 3])
        #expect(try ConsumerSubscription.readVersioned(newer) == subscription)
    }
}
