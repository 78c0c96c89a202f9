// librdkafka's messages as ranges over one array of bytes.

import CRdKafka

/// Copies a batch of messages; what is no record ends up in `ends` or `error`.
struct MessageReader {
    private let readsHeaders: Bool
    private var result = ConsumedRecords()
    /// The first error among the messages.
    private(set) var error: KafkaError?
    private var lastTopic: OpaquePointer?
    private var lastPartition: Int32 = -1
    private var lastIndex = 0

    typealias Messages = UnsafeBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>

    init(readsHeaders: Bool) { self.readsHeaders = readsHeaders }

    /// The messages must live until this returns; nothing of them is kept.
    mutating func read(_ messages: Messages) -> ConsumedRecords {
        var bytesCount = 0
        for case let message? in messages where message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
            bytesCount += message.pointee.len + message.pointee.key_len
        }
        result.bytes.reserveCapacity(bytesCount)
        result.records.reserveCapacity(messages.count)
        for case let message? in messages {
            if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                take(message)
            } else {
                takeError(message.pointee)
            }
        }
        return result
    }

    private mutating func take(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
        var timeKind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let key = append(message.pointee.key, message.pointee.key_len)
        let value = append(message.pointee.payload, message.pointee.len)
        let firstHeader = result.headers.count
        if readsHeaders { appendHeaders(message) }
        result.records.append(
            ConsumedRecord(
                partitionIndex: partitionIndex(message.pointee),
                offset: message.pointee.offset,
                timestampMilliseconds: rd_kafka_message_timestamp(message, &timeKind),
                key: key, value: value, headers: firstHeader..<result.headers.count))
    }

    private mutating func append(_ bytes: UnsafeRawPointer?, _ count: Int) -> Range<Int>? {
        guard let bytes else { return nil }
        let start = result.bytes.count
        result.bytes.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return start..<start + count
    }

    private mutating func appendHeaders(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var count = 0
        while rd_kafka_header_get_all(list, index, &name, &value, &count)
            == RD_KAFKA_RESP_ERR_NO_ERROR
        {
            index += 1
            guard let name, let nameRange = append(name, strlenOf(name)) else { continue }
            result.headers.append(
                ConsumedHeader(name: nameRange, value: append(value, count)))
        }
    }

    private func strlenOf(_ text: UnsafePointer<CChar>) -> Int {
        var count = 0
        while text[count] != 0 { count += 1 }
        return count
    }

    /// Messages of one topic share its handle for as long as they live.
    private mutating func partitionIndex(_ message: rd_kafka_message_t) -> Int {
        if message.rkt == lastTopic, message.partition == lastPartition { return lastIndex }
        let place = Self.place(message)
        lastTopic = message.rkt
        lastPartition = message.partition
        if let known = result.partitions.firstIndex(of: place) {
            lastIndex = known
        } else {
            lastIndex = result.partitions.count
            result.partitions.append(place)
        }
        return lastIndex
    }

    static func place(_ message: rd_kafka_message_t) -> TopicPartition {
        let topic = message.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? ""
        return TopicPartition(topic: topic, partition: message.partition)
    }

    private mutating func takeError(_ message: rd_kafka_message_t) {
        if message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
            result.ends.append(Self.place(message))
            return
        }
        guard error == nil else { return }
        let place = message.rkt == nil ? nil : Self.place(message)
        let text = message.payload.map {
            String(
                decoding: UnsafeRawBufferPointer(start: $0, count: message.len), as: UTF8.self)
        }
        error = KafkaError(
            message.err, text, topic: place?.topic, partition: place?.partition)
    }
}
