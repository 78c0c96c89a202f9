// Old records over a socket, where they are sent as parts of files.

import Foundation
import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka log over a socket")
struct KafkaLogServerTests {
    private static func batch(_ number: Int) -> ByteBuffer {
        let value = "\(number):" + String(repeating: "x", count: 40_000)
        return KafkaBrokerRequests.batch([value])
    }

    /// Method: more than memory keeps of two partitions, read from the start in one fetch and in many,
    /// before and after a restart. Each record comes once, unspoiled.
    @Test func oldRecordsComeWhole() async throws {
        let stage = KafkaBrokerStage()
        let count = 80
        for isFirst in [true, false, false] {
            try await stage.run { wire, _ async throws in
                if isFirst {
                    _ = try await wire.createTopic("t", partitions: 2)
                    for number in 0..<count {
                        for partition in Int32(0)..<2 {
                            _ = try await wire.produce(
                                Self.batch(number), to: "t", partition: partition)
                        }
                    }
                }
                var request = KafkaBrokerRequests.fetch("t", from: 0, bytesMax: 900_000)
                request.maxBytes = 20_000_000
                var second = request.topics[0].partitions[0]
                second.partition = 1
                request.topics[0].partitions.append(second)
                for _ in 0..<2 {
                    let answer = try await wire.ask(request, version: 12)
                    for data in answer.responses[0].partitions {
                        var bytes = data.records ?? ByteBuffer()
                        #expect(bytes.readableBytes > 800_000 && bytes.readableBytes <= 900_000)
                        var number = 0
                        while let (header, batch) = try RecordBatch.next(in: &bytes) {
                            #expect(header.baseOffset == Int64(number))
                            let size = header.sizeBytes
                            #expect(RecordBatch.checksum(of: batch, sizeBytes: size) == header.crc)
                            number += 1
                        }
                        #expect(number > 15)
                    }
                }
                for partition in Int32(0)..<2 {
                    let values = try await wire.values(of: "t", partition: partition)
                    #expect(values.map(\.0) == (0..<count).map(Int64.init))
                    #expect(
                        values.map { $0.1.split(separator: ":")[0] } == (0..<count).map { "\($0)" })
                }
            }
        }
    }

    /// Goal: a byte that changed in an old segment is found, though the broker wrote it itself; other
    /// partitions are served.
    @Test func aSpoiledFileIsNotSent() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("t", partitions: 2)
            for number in 0..<40 {
                for partition in Int32(0)..<2 {
                    _ = try await wire.produce(Self.batch(number), to: "t", partition: partition)
                }
            }
            #expect(try await wire.fetch("t", from: 0).errorCode == .none)
            let path = URL(filePath: stage.directory + "/t-0/00000000000000000000.log")
            let file = try FileHandle(forUpdating: path)
            try file.seek(toOffset: 5_000)
            try file.write(contentsOf: Data([0]))
            #expect(try await wire.fetch("t", from: 0).errorCode == .corruptMessage)
            #expect(try await wire.fetch("t", from: 1).errorCode == .none)
            #expect(try await wire.fetch("t", partition: 1, from: 0).errorCode == .none)
            #expect(try await wire.produce(Self.batch(40), to: "t").baseOffset == 40)
        }
    }
}
