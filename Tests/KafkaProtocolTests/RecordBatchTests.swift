// Record batches: what another client wrote, what may be appended, what a broker writes anew.

import KafkaProtocol
import MillraceBase
import NIOCore
import Testing

@Suite("Record batch")
struct RecordBatchTests {
    /// Three records as kafka-python 3.0.12 writes them; the last one is older than the first.
    static let foreign = bytes(
        "00000000000000000000005400000000028b743f7a0000000000020000018bcfe56800000"
            + "0018bcfe569f400000000000003e80002000000070000000326000000026b0a76616c7565"
            + "0402680278026e010e00e807020100000c000104000100")

    static var built: ByteBuffer {
        var builder = RecordBatchBuilder(producerID: 1000, producerEpoch: 2, baseSequence: 7)
        builder.header.partitionLeaderEpoch = 0
        let headers = [RecordHeader("h", ByteBuffer(string: "x")), RecordHeader("n", nil)]
        builder.append(
            key: Array("k".utf8), value: Array("value".utf8), headers: headers,
            timestampMilliseconds: 1_700_000_000_000)
        builder.append(key: nil, value: [UInt8](), timestampMilliseconds: 1_700_000_000_500)
        builder.append(key: [UInt8](), value: nil, timestampMilliseconds: 1_699_999_999_999)
        return builder.finish()
    }

    /// Goal: we build what others build, checksum included.
    @Test func buildsTheSameBytes() {
        #expect(Array(Self.built.readableBytesView) == Self.foreign)
    }

    @Test func readsTheHeader() throws {
        let header = try RecordBatchHeader(reading: Self.built)
        #expect(header.sizeBytes == Self.foreign.count)
        #expect(header.recordCount == 3)
        #expect(header.lastOffset == 2)
        #expect(header.lastSequence == 9)
        #expect(header.producerID == 1000)
        #expect(header.maxTimestampMilliseconds == 1_700_000_000_500)
        var copy = ByteBuffer()
        header.write(into: &copy)
        #expect(Array(copy.readableBytesView) == Array(Self.foreign.prefix(61)))
    }

    @Test func readsTheRecords() throws {
        let records = try RecordReader.all(in: ByteBuffer(bytes: Self.foreign))
        #expect(records.map(\.offset) == [0, 1, 2])
        #expect(records.map(\.timestampMilliseconds).last == 1_699_999_999_999)
        #expect(records[0].key == ByteBuffer(string: "k"))
        #expect(records[0].headers.map(\.name) == ["h", "n"])
        #expect(records[0].headers[1].value == nil)
        #expect(records[1].key == nil)
        #expect(records[1].value == ByteBuffer())
        #expect(records[2].value == nil)
    }

    /// Goal: a wrapped sequence number comes out as Kafka's does.
    @Test func sequencesWrap() {
        var header = RecordBatchHeader()
        header.baseSequence = .max
        header.lastOffsetDelta = 1
        #expect(header.lastSequence == 0)
    }

    // MARK: What may be appended

    @Test func takesASoundBatch() throws {
        let header = try RecordBatch.checkForAppend(Self.built, bytesMax: 1_000)
        #expect(header.recordCount == 3)
    }

    @Test func refusesWhatIsTooLarge() {
        #expect(throws: RecordBatch.Fault.tooLarge(bytes: 96)) {
            try RecordBatch.checkForAppend(Self.built, bytesMax: 95)
        }
    }

    /// Method: cut and damage a good batch at every byte. Only base offset and leader epoch, which
    /// the checksum leaves out, may change.
    @Test func refusesEveryDamage() {
        for length in Self.foreign.indices {
            let cut = ByteBuffer(bytes: Self.foreign.prefix(length))
            #expect(throws: RecordBatch.Fault.self) {
                try RecordBatch.checkForAppend(cut, bytesMax: 1_000)
            }
        }
        for index in Self.foreign.indices where !(0..<8).contains(index) {
            guard !(12..<16).contains(index) else { continue }
            var damaged = Self.foreign
            damaged[index] ^= 1
            #expect(throws: RecordBatch.Fault.self) {
                try RecordBatch.checkForAppend(ByteBuffer(bytes: damaged), bytesMax: 1_000)
            }
        }
    }

    /// Goal: two batches in one request, markers, and wrong counts are refused with Kafka's code.
    @Test func refusesWhatClientsMayNotWrite() {
        var two = Self.built
        two.writeImmutableBuffer(Self.built)
        expectFault(of: two, .invalidRecord)
        var control = RecordBatchBuilder()
        control.header.attributes.isControl = true
        control.append(key: [0, 0], value: [0], timestampMilliseconds: 0)
        expectFault(of: control.finish(), .invalidRecord)
        expectFault(of: RecordBatchBuilder().finish(), .invalidRecord)
        var old = Self.foreign
        old[16] = 1
        expectFault(of: ByteBuffer(bytes: old), .unsupportedForMessageFormat)
        expectFault(of: ByteBuffer(), .corruptMessage)
    }

    private func expectFault(of batch: ByteBuffer, _ code: KafkaErrorCode) {
        do throws(RecordBatch.Fault) {
            _ = try RecordBatch.checkForAppend(batch, bytesMax: 1_000)
            Issue.record("it was taken")
        } catch {
            #expect(error.errorCode == code)
        }
    }

    // MARK: What a broker writes

    @Test func assignsOffsetsWithoutTouchingTheChecksum() throws {
        var batch = Self.built
        RecordBatch.assign(baseOffset: 500, leaderEpoch: 3, in: &batch)
        let header = try RecordBatch.checkForAppend(batch, bytesMax: 1_000)
        #expect(header.baseOffset == 500)
        #expect(header.partitionLeaderEpoch == 3)
        #expect(try RecordReader.all(in: batch).map(\.offset) == [500, 501, 502])
    }

    @Test func assignsTheTimeOfTheAppend() throws {
        var batch = Self.built
        try RecordBatch.assign(appendTimeMilliseconds: 42, in: &batch)
        let header = try RecordBatch.checkForAppend(batch, bytesMax: 1_000)
        #expect(header.attributes.isLogAppendTime)
        #expect(try RecordReader.all(in: batch).map(\.timestampMilliseconds) == [42, 42, 42])
    }

    /// Goal: a fetch may end inside a batch; the whole ones before it come out.
    @Test func walksBatches() throws {
        var two = Self.built
        two.writeImmutableBuffer(Self.built)
        two.writeBytes(Self.foreign.prefix(70))
        var count = 0
        while let (header, batch) = try RecordBatch.next(in: &two) {
            #expect(batch.readableBytes == header.sizeBytes)
            count += 1
        }
        #expect(count == 2)
        #expect(two.readableBytes == 70)
    }

    /// Method: change single bytes behind a right checksum. No length may be believed.
    @Test func survivesDamagedRecords() throws {
        for index in 61..<Self.foreign.count {
            for bit in 0..<8 {
                var damaged = Self.foreign
                damaged[index] ^= 1 << bit
                _ = try? RecordReader.all(in: ByteBuffer(bytes: damaged))
            }
        }
    }
}
