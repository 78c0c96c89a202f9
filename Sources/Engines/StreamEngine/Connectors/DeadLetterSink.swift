// The dead letters: records that do not fit, with the reason beside them.

import KafkaClient
package import Logging
package import MillraceBase

/// Sends rejected records to a topic: key and value as they came, the reason and the place they
/// came from as headers. After a crash a record may be there twice, with the same place.
package actor DeadLetterSink: RejectionSink {
    package static let connector = Connector(
        name: "dead-letters", role: .deadLetters,
        help: "records that cannot be read or cast; headers: reason, source.topic, "
            + "source.partition, source.offset",
        options: [
            .init("topic", "<topic>.dlq", "the topic they go to; it is made when it is missing")
        ])

    private let topic: String
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private var producer: KafkaProducer?

    /// - Parameter topic: made with one partition when there is none. Nothing is opened before the
    ///   first dead letter.
    package init(topic: String, kafka: Endpoint, logger: Logger) {
        self.topic = topic
        configuration = KafkaConfiguration(kafka)
        self.logger = logger
    }

    package func write(_ rejections: [Rejection], of rows: SourceRows)
        async throws(ConnectorError)
    {
        var rest = rejections[...]
        while !rest.isEmpty {
            let part = rest.prefix(StreamLimits.deadLettersInFlightMax)
            try await send(part.map { record($0, of: rows) })
            rest = rest.dropFirst(part.count)
        }
    }

    package func close() async {
        await producer?.close()
        producer = nil
    }

    private func send(_ records: [ProducerRecord]) async throws(ConnectorError) {
        do throws(KafkaError) {
            let producer = try await opened()
            _ = try await producer.send(records)
        } catch {
            if error.isFatal || error.isUnknownTopic { await close() }
            throw ConnectorError(
                "dead letters to topic \"\(topic)\": \(error)",
                isRetriable: error.isRetriable || error.isFatal || error.isCancelled)
        }
    }

    private func opened() async throws(KafkaError) -> KafkaProducer {
        if let producer { return producer }
        let admin = try KafkaAdmin(configuration, logger: logger)
        do throws(KafkaError) {
            try await admin.createTopic(topic, partitions: 1)
        } catch {
            await admin.close()
            throw error
        }
        await admin.close()
        // Somebody else may have opened one while the topic was made.
        if let producer { return producer }
        let new = try KafkaProducer(configuration, logger: logger)
        producer = new
        return new
    }

    private func record(_ rejection: Rejection, of rows: SourceRows) -> ProducerRecord {
        let row = rows.rows[rejection.row]
        func bytes(_ cell: TextCell?) -> [UInt8]? {
            cell.map { Array(rows.bytes[$0.start..<($0.start + $0.length)]) }
        }
        func header(_ name: String, _ value: String) -> KafkaHeader {
            KafkaHeader(name: name, value: Array(value.utf8))
        }
        return ProducerRecord(
            topic: topic, key: bytes(row.key), value: bytes(row.value),
            headers: [
                header("reason", rejection.reason), header("source.topic", rows.topic),
                header("source.partition", String(row.partition)),
                header("source.offset", String(row.offset)),
            ],
            timestampMilliseconds: row.timestampMilliseconds >= 0
                ? row.timestampMilliseconds : nil)
    }
}
