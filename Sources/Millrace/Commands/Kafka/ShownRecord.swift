// A record as a person or a script reads it: decoded by its schema when it has one.

import Foundation
import KafkaClient
import MillraceBase
import MillraceSchemas
import RegistryClient

/// One part of a record: what it says, and why it could not be decoded.
struct ShownPart: Sendable, Equatable {
    var value: JSONValue
    /// The schema's id or GUID.
    var schema: String?
    var fault: String?

    var text: String { value.string ?? (value.isNull ? "" : value.text) }
}

struct ShownRecord: Sendable {
    var partition: Int32
    var offset: Int64
    var timestampMilliseconds: Int64
    var key: ShownPart
    var value: ShownPart
    var headers: [(name: String, text: String)]

    var json: JSONValue {
        var object: JSONObject = [
            "partition": JSONValue(Int(partition)), "offset": JSONValue(offset),
            "timestamp": JSONValue(timestampMilliseconds), "key": key.value, "value": value.value,
        ]
        if !headers.isEmpty {
            object["headers"] = .array(
                headers.map { ["name": .string($0.name), "value": .string($0.text)] })
        }
        if let schema = key.schema { object["keySchema"] = .string(schema) }
        if let schema = value.schema { object["valueSchema"] = .string(schema) }
        if let fault = key.fault ?? value.fault { object["fault"] = .string(fault) }
        return .object(object)
    }

    /// `partition:offset  time  key  value`, and the headers in brackets.
    var line: String {
        let time = Date(timeIntervalSince1970: Double(timestampMilliseconds) / 1_000)
        let stamp = time.formatted(
            .iso8601.time(includingFractionalSeconds: true).dateSeparator(.dash))
        var parts = ["\(partition):\(offset)", timestampMilliseconds < 0 ? "–" : stamp]
        parts.append(key.value.isNull ? "–" : key.text)
        parts.append(value.value.isNull ? "(tombstone)" : value.text)
        if !headers.isEmpty {
            parts.append(
                "[" + headers.map { "\($0.name)=\($0.text)" }.joined(separator: ", ") + "]")
        }
        if let fault = key.fault ?? value.fault { parts.append("(\(fault))") }
        return parts.joined(separator: "  ")
    }

    /// Whether key, value or a header holds the text.
    func holds(_ text: String) -> Bool {
        key.text.contains(text) || value.text.contains(text)
            || headers.contains { $0.name.contains(text) || $0.text.contains(text) }
    }
}

/// Turns bytes into what is shown. Bytes that are no text are shown in base 64.
struct RecordDecoder: Sendable {
    /// `nil`: nothing is decoded.
    var registry: RegistryConnection?

    func shown(
        _ records: ConsumedRecords, _ record: ConsumedRecord
    ) async -> ShownRecord {
        let headers = records.headers(of: record)
        let key = await part(
            records.key(of: record), headers.last { $0.name == SchemaFraming.keyHeader }?.value)
        let value = await part(
            records.value(of: record), headers.last { $0.name == SchemaFraming.valueHeader }?.value)
        return ShownRecord(
            partition: records.topicPartition(of: record).partition, offset: record.offset,
            timestampMilliseconds: record.timestampMilliseconds, key: key, value: value,
            headers: headers.map { header in
                (name: header.name, text: Self.plain(header.value).string ?? "")
            })
    }

    private func part(_ bytes: [UInt8]?, _ header: [UInt8]?) async -> ShownPart {
        guard let bytes else { return ShownPart(value: .null) }
        let isFramed = header != nil || (bytes.count > 5 && bytes[0] == 0)
        guard let registry, isFramed else { return ShownPart(value: Self.plain(bytes)) }
        do {
            let framed = try await registry.schema(of: bytes, header: header)
            let data = Array(bytes.dropFirst(framed.prefixLength))
            let name: String
            switch framed.ticket.identity {
            case .id(let id): name = "\(id)"
            case .guid(let guid): name = guid
            }
            return ShownPart(
                value: try framed.schema.json(of: data, messageName: framed.messageName),
                schema: name)
        } catch {
            return ShownPart(value: Self.plain(bytes), fault: "not decoded: \(error)")
        }
    }

    static func plain(_ bytes: [UInt8]?) -> JSONValue {
        guard let bytes else { return .null }
        if let text = String(validating: bytes, as: UTF8.self),
            !text.unicodeScalars.contains(where: { $0.value < 9 })
        {
            return .string(text)
        }
        return .string(Data(bytes).base64EncodedString())
    }
}
