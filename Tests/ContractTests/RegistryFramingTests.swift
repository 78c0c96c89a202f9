// How records say which schema they have: bytes in front, and headers.

import MillraceBase
import RegistryClient
import Testing

@Suite struct RegistryFramingTests {
    private static let guid = "89791762-2336-4186-9674-299b90a802e2"

    /// Source: reference/kafka.md C3; confluent-kafka-python's SchemaId.
    private static let vectors: [(SchemaTicket, [UInt8])] = [
        (SchemaTicket(.id(1)), [0, 0, 0, 0, 1]),
        (SchemaTicket(.id(0x0102_0304)), [0, 1, 2, 3, 4]),
        (SchemaTicket(.id(5), messageIndexes: [0]), [0, 0, 0, 0, 5, 0]),
        (SchemaTicket(.id(5), messageIndexes: [1]), [0, 0, 0, 0, 5, 2, 2]),
        (SchemaTicket(.id(5), messageIndexes: [1, 0]), [0, 0, 0, 0, 5, 4, 2, 0]),
        (SchemaTicket(.id(5), messageIndexes: [64]), [0, 0, 0, 0, 5, 2, 0x80, 1]),
        (
            SchemaTicket(.guid(guid)),
            [1, 0x89, 0x79, 0x17, 0x62, 0x23, 0x36, 0x41, 0x86, 0x96, 0x74, 0x29, 0x9B]
                + [0x90, 0xA8, 0x02, 0xE2]
        ),
    ]

    @Test(arguments: vectors)
    func ticketsGoThereAndBack(ticket: SchemaTicket, bytes: [UInt8]) throws {
        #expect(try SchemaFraming.bytes(of: ticket) == bytes)
        let hasIndexes = ticket.messageIndexes != nil
        let read = try SchemaFraming.ticket(
            in: bytes + [9, 9], hasMessageIndexes: hasIndexes)
        #expect(read.ticket == ticket && read.length == bytes.count)
        for count in bytes.indices {
            #expect(throws: WireError.self) {
                try SchemaFraming.ticket(in: bytes[..<count], hasMessageIndexes: hasIndexes)
            }
        }
    }

    @Test(
        arguments: [
            [], [2, 0, 0, 0, 1], [0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 2, 1],
            [0, 0, 0, 0, 1] + [UInt8](repeating: 0xFF, count: 11),
        ] as [[UInt8]])
    func whatIsNoTicketIsRefused(bytes: [UInt8]) {
        #expect(throws: WireError.self) {
            try SchemaFraming.ticket(in: bytes, hasMessageIndexes: true)
        }
    }

    @Test(arguments: [SchemaTicket(.id(-1)), SchemaTicket(.id(1 << 32)), SchemaTicket(.guid("x"))])
    func whatFitsNoTicketIsRefused(ticket: SchemaTicket) {
        #expect(throws: WireError.self) { try SchemaFraming.bytes(of: ticket) }
    }
}
