// The text of a checkpoint's files, in Spark's layout.

package import MillraceBase

/// `offsets/N`: what batch N reads.
///
///     v1
///     {"batchWatermarkMs":0,"batchTimestampMs":1700000000000,"conf":{}}
///     {"users_created":{"0":123,"1":98}}
///
/// Source: Spark's `OffsetSeqLog`, and `CommitLog` for the commits.
package struct OffsetEntry: Sendable, Equatable {
    /// The moment the batch was planned; a batch that runs again keeps it.
    package var batchTimestampMilliseconds: Int64
    /// Where the batch ends: the offset after its last record, for every partition.
    package var end: SourceOffsets

    package init(batchTimestampMilliseconds: Int64, end: SourceOffsets) {
        self.batchTimestampMilliseconds = batchTimestampMilliseconds
        self.end = end
    }

    package var bytes: [UInt8] {
        var out = Array("v1\n".utf8)
        out += Array(
            #"{"batchWatermarkMs":0,"batchTimestampMs":\#(batchTimestampMilliseconds),"conf":{}}"#
                .utf8)
        out.append(UInt8(ascii: "\n"))
        out += end.json.bytes
        return out
    }

    /// - Returns: `nil` for bytes that are no such file.
    package init?(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard lines.count == 3, lines[0].elementsEqual("v1".utf8),
            let head = try? JSONValue(parsing: lines[1]),
            let time = head["batchTimestampMs"]?.int,
            let end = (try? JSONValue(parsing: lines[2])).flatMap(SourceOffsets.init(json:))
        else { return nil }
        self.init(batchTimestampMilliseconds: Int64(time), end: end)
    }
}

extension SourceOffsets {
    /// `{"users_created":{"0":123}}`, partitions in order.
    package var json: JSONValue {
        let members = partitions.sorted { $0.key < $1.key }
            .map { (name: String($0.key), value: JSONValue($0.value)) }
        return .object(JSONObject([(topic, .object(JSONObject(members)))]))
    }

    package init?(json: JSONValue) {
        guard let topics = json.object?.members, topics.count == 1,
            let members = topics[0].value.object?.members
        else { return nil }
        var partitions: [Int32: Int64] = [:]
        for member in members {
            guard let partition = Int32(member.name), let offset = member.value.int else {
                return nil
            }
            partitions[partition] = Int64(offset)
        }
        self.init(topic: topics[0].name, partitions: partitions)
    }
}
