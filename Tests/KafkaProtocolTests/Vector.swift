// Bytes that somebody else wrote, and the check that ours are the same.

import KafkaProtocol
import MillraceBase
import Testing

/// Bytes out of hexadecimal digits; blanks are for the reader.
func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.filter { $0 != UInt8(ascii: " ") }
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap { index in
        UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
    }
}

/// One message of one version as another implementation writes it.
struct Vector: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var check: @Sendable () throws -> Void

    init<Message: KafkaMessage>(_ message: Message, version: Int16, _ hex: String) {
        testDescription = "\(Message.self) v\(version)"
        check = {
            let expected = bytes(hex)
            #expect(try message.bytes(version: version) == expected)
            let read = try Message(reading: expected, version: version)
            #expect(try read.bytes(version: version) == expected)
        }
    }
}

let topicID = KafkaUUID(high: 0x0011_2233_4455_6677, low: 0x8899_aabb_ccdd_eeff)
