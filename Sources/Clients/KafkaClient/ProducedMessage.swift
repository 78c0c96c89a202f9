// One record as the argument list of rd_kafka_produceva.

import CRdKafka

/// A reused argument list: topic, partition, flags, ticket, value, and key, time, headers if any.
struct ProducedMessage {
    private var arguments: [rd_kafka_vu_t]

    init() {
        arguments = Array(repeating: rd_kafka_vu_t(), count: 8)
        arguments[0].vtype = RD_KAFKA_VTYPE_RKT
        arguments[1].vtype = RD_KAFKA_VTYPE_PARTITION
        arguments[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS
        arguments[2].u.i = RD_KAFKA_MSG_F_COPY
        arguments[3].vtype = RD_KAFKA_VTYPE_OPAQUE
        arguments[4].vtype = RD_KAFKA_VTYPE_VALUE
    }

    /// Copies the record into librdkafka's queue, without waiting.
    /// - Returns: why it was refused; `_QUEUE_FULL` means: later.
    mutating func produce(
        _ record: ProducerRecord, to topic: OpaquePointer, of client: OpaquePointer,
        ticket: ReportTicket
    ) -> KafkaError? {
        arguments[0].u.rkt = topic
        arguments[1].u.i32 = record.partition ?? RD_KAFKA_PARTITION_UA
        arguments[3].u.ptr = ticket.opaque
        var count = 5
        if let time = record.timestampMilliseconds {
            arguments[count].vtype = RD_KAFKA_VTYPE_TIMESTAMP
            arguments[count].u.i64 = time
            count += 1
        }
        var headers: OpaquePointer?
        if !record.headers.isEmpty {
            headers = Self.list(record.headers)
            arguments[count].vtype = RD_KAFKA_VTYPE_HEADERS
            arguments[count].u.headers = headers
            count += 1
        }
        let error = Self.withBytes(record.value) { value, valueCount in
            arguments[4].u.mem.ptr = value
            arguments[4].u.mem.size = valueCount
            return Self.withBytes(record.key) { key, keyCount in
                arguments[count].vtype = RD_KAFKA_VTYPE_KEY
                arguments[count].u.mem.ptr = key
                arguments[count].u.mem.size = keyCount
                return rd_kafka_produceva(client, arguments, count + 1)
            }
        }
        guard let error else { return nil }
        // The list was taken over only by a record that was accepted.
        if let headers { rd_kafka_headers_destroy(headers) }
        return KafkaError(taking: error, topic: record.topic)
    }

    private static func list(_ headers: [KafkaHeader]) -> OpaquePointer? {
        let list = rd_kafka_headers_new(headers.count)
        for header in headers {
            _ = withBytes(header.value) { value, count in
                rd_kafka_header_add(list, header.name, -1, value, count)
            }
        }
        return list
    }

    /// A null pointer means null in Kafka, so empty bytes get an address too.
    private static func withBytes<Value>(
        _ bytes: [UInt8]?, _ body: (UnsafeMutableRawPointer?, Int) -> Value
    ) -> Value {
        guard let bytes else { return body(nil, 0) }
        return bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else {
                return withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) {
                    body($0.baseAddress, 0)
                }
            }
            return body(UnsafeMutableRawPointer(mutating: base), buffer.count)
        }
    }
}
