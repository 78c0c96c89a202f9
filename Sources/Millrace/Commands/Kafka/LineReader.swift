// Lines on their way to becoming records.

import Foundation
import KafkaClient
import MillraceBase

/// What a line means.
struct LineReader: Sendable {
    var topic: String
    var keySeparator: String?
    var isJSON: Bool
    var headers: [KafkaHeader]

    func record(_ line: String, number: Int) throws -> ProducerRecord {
        if isJSON { return try jsonRecord(line, number: number) }
        var (key, value): ([UInt8]?, String) = (nil, line)
        if let keySeparator, !keySeparator.isEmpty {
            guard let range = line.range(of: keySeparator) else {
                throw Failure(
                    "a line has no key", at: "line \(number)",
                    because: "it does not hold \"\(keySeparator)\"",
                    next: "another --key-separator, or none")
            }
            key = Array(line[..<range.lowerBound].utf8)
            value = String(line[range.upperBound...])
        }
        return ProducerRecord(topic: topic, key: key, value: Array(value.utf8), headers: headers)
    }

    private func jsonRecord(_ line: String, number: Int) throws -> ProducerRecord {
        let json: JSONValue
        do { json = try JSONValue(parsing: line) } catch {
            throw Self.bad(number, "\(error)")
        }
        guard json.object != nil else { throw Self.bad(number, "it is no JSON object") }
        var record = ProducerRecord(
            topic: topic, key: Self.bytes(json["key"]), value: Self.bytes(json["value"]),
            headers: headers)
        for header in json["headers"]?.object?.members ?? [] {
            record.headers.append(KafkaHeader(name: header.name, value: Self.bytes(header.value)))
        }
        for header in json["headers"]?.array ?? [] {
            guard let name = header["name"]?.string else {
                throw Self.bad(number, "a header has no name")
            }
            record.headers.append(KafkaHeader(name: name, value: Self.bytes(header["value"])))
        }
        if let partition = json["partition"]?.int {
            guard let partition = Int32(exactly: partition), partition >= 0 else {
                throw Self.bad(number, "\(partition) is no partition")
            }
            record.partition = partition
        }
        record.timestampMilliseconds = json["timestamp"]?.int.map { Int64($0) }
        return record
    }

    /// A string is its own text; other values are their JSON.
    private static func bytes(_ value: JSONValue?) -> [UInt8]? {
        guard let value, !value.isNull else { return nil }
        return Array((value.string ?? value.text).utf8)
    }

    private static func bad(_ number: Int, _ why: String) -> Failure {
        Failure(
            "a line is no record", at: "line \(number)", because: why,
            next: "{\"key\": …, \"value\": …}, or leave --json out")
    }
}

/// Lines of a file or of standard input, read as they come. Used by one task.
final class LineSource {
    private let handle: FileHandle
    private var bytes: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    init(path: String?) throws {
        guard let path else {
            handle = .standardInput
            return
        }
        guard let opened = FileHandle(forReadingAtPath: path) else {
            throw Failure("the file cannot be read", at: path, next: "a file that is there")
        }
        handle = opened
    }

    /// Whether another whole line is there without reading.
    var hasMore: Bool { bytes[start...].contains(UInt8(ascii: "\n")) }

    func next() throws -> String? {
        while true {
            if let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return String(decoding: bytes[start..<end], as: UTF8.self)
            }
            if isAtEnd {
                defer { start = bytes.count }
                return start < bytes.count
                    ? String(decoding: bytes[start...], as: UTF8.self) : nil
            }
            bytes.removeFirst(start)
            start = 0
            guard bytes.count <= ToolLimits.lineBytesMax else {
                throw Failure(
                    "a line is too long", at: "input",
                    because: "it has more than \(ToolLimits.lineBytesMax) bytes",
                    next: "shorter lines")
            }
            let more = handle.availableData
            isAtEnd = more.isEmpty
            bytes += more
        }
    }
}
