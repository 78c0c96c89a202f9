// What a pipeline needs before it can run: its topics, schemas and tables, made when missing.

import CQLClient
import KafkaClient
import Logging
import MillraceBase
import MillraceSchemas
import RegistryClient
import StreamPlan

struct Groundwork: Sendable {
    let settings: Settings
    let pipelines: [any Pipeline]
    let logger: Logger

    func makeTopics(on kafka: Endpoint) async throws {
        do {
            let admin = try KafkaAdmin(KafkaConfiguration(kafka))
            do {
                for topic in pipelines.flatMap(\.topics) {
                    _ = try await admin.createTopic(
                        topic.name, partitions: topic.partitions ?? settings.number("partitions"),
                        replicationFactor: settings.number("replication"))
                }
                await admin.close()
            } catch {
                await admin.close()
                throw error
            }
        } catch let error as KafkaError {
            throw Failure(
                "cannot make the pipeline's topics", at: settings.place(of: "kafka"),
                because: error.description, next: "millrace doctor --kafka \(kafka)")
        }
    }

    /// Registers the schema of each topic that has one.
    ///
    /// - Returns: the schema's id, by topic.
    /// - Throws: `Failure` that names the field when the registered schema and ours do not fit.
    func registerSchemas(at registry: Endpoint) async throws -> [String: Int] {
        let connection = RegistryConnection(registry)
        var ids: [String: Int] = [:]
        for topic in pipelines.flatMap(\.topics) {
            guard let schema = topic.schema else { continue }
            let subject = topic.name + "-value"
            do {
                let document = try SchemaDocument(
                    .json, schema.jsonSchema(title: topic.name).text)
                ids[topic.name] = try await connection.register(subject: subject, schema: document)
            } catch RegistryError.cancelled {
                throw CancellationError()
            } catch {
                var next = "make the new field nullable, or another topic for the new shape"
                if case RegistryError.unreachable = error { next = "millrace doctor" }
                throw Failure(
                    "the schema of \(topic.name) cannot be registered",
                    at: "subject \(subject), \(settings.place(of: "registry"))",
                    because: "\(error)",
                    next: next)
            }
        }
        return ids
    }

    func makeTables(in store: Endpoint) async throws {
        let tables = pipelines.flatMap(\.tables)
        guard !tables.isEmpty else { return }
        do {
            let session = try await CQLSession.connect(store, logger: logger)
            do {
                for keyspace in Set(tables.map(\.keyspace)).sorted() {
                    _ = try await session.execute(
                        "CREATE KEYSPACE IF NOT EXISTS \(keyspace) WITH replication = "
                            + "{'class': 'SimpleStrategy', 'replication_factor': \(settings.number("replication"))}"
                    )
                }
                for table in tables {
                    _ = try await session.execute(
                        "CREATE TABLE IF NOT EXISTS \(table.keyspace).\(table.name) (\(table.definition))"
                    )
                }
                await session.close()
            } catch {
                await session.close()
                throw error
            }
        } catch let error as CQLError {
            throw Failure(
                "cannot make the pipeline's tables", at: settings.place(of: "store"),
                because: error.description, next: "millrace doctor --store \(store)")
        }
    }
}
