// A connection's pure parts: frames out of bytes, and the order of requests and answers.

import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Frame reader")
struct FrameReaderTests {
    private static func frame(_ bytes: [UInt8]) -> [UInt8] {
        let size = UInt32(bytes.count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } + bytes
    }

    /// Method: three frames, one of them empty, in pieces of every size.
    @Test func cutsFramesHoweverTheyArrive() throws {
        let wanted: [[UInt8]] = [Array(0..<200), [], [7, 8, 9]]
        let bytes = wanted.flatMap(Self.frame)
        for step in 1...bytes.count {
            var reader = FrameReader()
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: bytes.count, by: step) {
                reader.add(ByteBuffer(bytes: bytes[start..<min(start + step, bytes.count)]))
                while let frame = try reader.next() { found.append(Array(frame.readableBytesView)) }
                reader.settle()
            }
            #expect(found == wanted)
            #expect(reader.waitingBytes == 0)
        }
    }

    @Test(arguments: [Int32(-1), .min, .max, 104_857_601])
    func refusesSizesNoRequestHas(size: Int32) {
        var reader = FrameReader()
        reader.add(ByteBuffer(integer: size))
        #expect(throws: FrameFault.badSize(size)) { try reader.next() }
    }

    /// Goal: a claimed size takes no memory before its bytes come.
    @Test func aClaimReservesLittle() throws {
        var reader = FrameReader()
        reader.add(ByteBuffer(integer: Int32(100_000_000)))
        reader.add(ByteBuffer(bytes: [1, 2, 3]))
        #expect(try reader.next() == nil)
        #expect(reader.waitingBytes == 7)
    }
}

@Suite("Request queue")
struct RequestQueueTests {
    private static func request(_ key: ApiKey) -> IncomingRequest {
        IncomingRequest(
            header: RequestHeader(apiKey: key.rawValue, apiVersion: 3, correlationID: 1), key: key,
            body: ByteBuffer(), sizeBytes: 10)
    }

    private static func queue(_ keys: ApiKey...) -> RequestQueue {
        var queue = RequestQueue()
        for key in keys { queue.received(request(key)) }
        return queue
    }

    /// Goal: as in Kafka, a request waits for the answer of the one before it.
    @Test func runsOneAtATime() {
        var queue = Self.queue(.fetch, .metadata)
        let first = queue.start()
        #expect(first?.request.key == .fetch)
        #expect(queue.start() == nil)
        queue.answered(first?.number ?? 0, [])
        #expect(queue.start() == nil)
        #expect(queue.takeAnswer() != nil)
        #expect(queue.start()?.request.key == .metadata)
    }

    /// Goal: producing requests run together, and are answered in their order.
    @Test func producesRunTogetherAndAnswerInOrder() throws {
        var queue = Self.queue(.produce, .produce, .metadata, .produce)
        let started = [queue.start(), queue.start(), queue.start()].map { $0?.number }
        let first = try #require(started[0])
        let second = try #require(started[1])
        #expect(started[2] == nil)
        queue.answered(second, [.bytes(ByteBuffer(string: "2"))])
        #expect(queue.takeAnswer() == nil)
        queue.answered(first, [.bytes(ByteBuffer(string: "1"))])
        #expect(queue.takeAnswer()?.pieces.map(\.buffer) == [ByteBuffer(string: "1")])
        #expect(queue.takeAnswer()?.pieces.map(\.buffer) == [ByteBuffer(string: "2")])
        #expect(queue.start()?.request.key == .metadata)
        #expect(queue.start() == nil)
        #expect(queue.sizeBytes == 20)
    }

    @Test func produceWaitsForWhatRunsAlone() {
        var queue = Self.queue(.metadata, .produce)
        _ = queue.start()
        #expect(queue.start() == nil)
    }
}
