// Records of `__transaction_state` against bytes written by hand after Kafka's schema.

import Testing

@testable import MillraceBroker

@Suite struct TransactionRecordTests {
    private var record: TransactionRecord {
        var record = TransactionRecord(producerID: 5, timeoutMilliseconds: 60_000, now: 9)
        record.epoch = 3
        record.state = .ongoing
        record.startedAtMilliseconds = 8
        record.partitions = [
            PartitionName(topic: "a", partition: 1), PartitionName(topic: "a", partition: 0),
        ]
        return record
    }

    private let value: [UInt8] = [
        0, 1,  // version
        0, 0, 0, 0, 0, 0, 0, 5,  // producer id
        0, 3,  // epoch
        0, 0, 0xea, 0x60,  // timeout
        1,  // Ongoing
        2, 2, 0x61, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0,  // [a: [0, 1]]
        0, 0, 0, 0, 0, 0, 0, 9,  // last update
        0, 0, 0, 0, 0, 0, 0, 8,  // start
    ]

    @Test func aRecordHasKafkasBytes() throws {
        let stored = try TransactionStoredRecord(transactionalID: "t", record)
        #expect(stored.key == [0, 0, 0, 1, 0x74])
        #expect(stored.value == value + [0])
        let decoded = try stored.decoded()
        #expect(decoded.transactionalID == "t")
        #expect(decoded.record == record)
    }

    @Test func taggedFieldsAreKeptAndTheLastEpochIsTold() throws {
        var record = record
        record.previousProducerID = 4
        record.nextProducerID = 6
        record.version = .epochBump
        record.state = .prepareCommit
        record.lastEpoch = 2
        let stored = try TransactionStoredRecord(transactionalID: "t", record)
        var bytes = value
        bytes[16] = 2
        #expect(
            stored.value == bytes + [
                3, 0, 8, 0, 0, 0, 0, 0, 0, 0, 4, 1, 8, 0, 0, 0, 0, 0, 0, 0, 6, 2, 2, 0, 2,
            ])
        #expect(try stored.decoded().record == record)
    }

    @Test func olderAndEmptyRecordsAreRead() throws {
        // Version 0, Empty, no partitions.
        let old = TransactionStoredRecord(
            key: [0, 0, 0, 1, 0x74],
            value: [0, 0] + [0, 0, 0, 0, 0, 0, 0, 5] + [0, 3] + [0, 0, 0xea, 0x60] + [0]
                + [0xff, 0xff, 0xff, 0xff] + [0, 0, 0, 0, 0, 0, 0, 9]
                + [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
        let record = try #require(try old.decoded().record)
        #expect(record.state == .empty)
        #expect(record.identity == ProducerIdentity(id: 5, epoch: 3))
        #expect(record.startedAtMilliseconds == -1)
        let tombstone = try TransactionStoredRecord(transactionalID: "t", nil)
        #expect(tombstone.value == nil)
        #expect(try tombstone.decoded().record == nil)
    }

    @Test func whatIsCutShortOrUnknownIsRefused() throws {
        let stored = try TransactionStoredRecord(transactionalID: "t", record)
        let whole = try #require(stored.value)
        for length in 0..<whole.count {
            var cut = stored
            cut.value = Array(whole.prefix(length))
            #expect(throws: (any Error).self) { try cut.decoded() }
        }
        var strange = stored
        strange.value?[16] = 9
        #expect(throws: (any Error).self) { try strange.decoded() }
    }
}
