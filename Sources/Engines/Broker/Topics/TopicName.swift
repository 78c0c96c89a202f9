// Which names a topic may have, and which topics are the broker's own.
// Source: apache/kafka Topic.java

package enum TopicName {
    package static let consumerOffsets = "__consumer_offsets"
    package static let transactionState = "__transaction_state"

    package static func isInternal(_ name: String) -> Bool {
        name == consumerOffsets || name == transactionState
    }

    /// - Returns: why it is no topic's name, in words; `nil` for a good one.
    package static func fault(_ name: String) -> String? {
        if name.isEmpty { return "the empty string is not allowed" }
        if name == "." || name == ".." { return "'.' or '..' is not allowed" }
        if name.utf8.count > Limits.topicNameBytesMax {
            return "the length is longer than the max allowed length \(Limits.topicNameBytesMax)"
        }
        let isGood = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isGood
            ? nil : "it contains a character other than ASCII alphanumerics, '.', '_' and '-'"
    }

    /// Names that differ in `.` and `_` only would share their metrics' names: Kafka refuses the second.
    package static func collisionKey(_ name: String) -> String {
        String(
            decoding: name.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "_") : $0 },
            as: UTF8.self)
    }
}
