// The streaming engine between a real broker and a real store.

import CQLClient
import Foundation
import KafkaClient
import MillraceBase
import StreamEngine
import StreamPlan
import Testing

@Suite("StreamEngine on a broker and a store")
struct StreamEngineRunnerTests {
    private func onStage(_ body: (StreamStage) async throws -> Void) async throws {
        let stage = try await StreamStage()
        do {
            try await body(stage)
        } catch {
            await stage.close()
            throw error
        }
        await stage.close()
    }

    /// Goal: records become rows, those that do not fit dead letters, over two lives of the engine.
    @Test func storesPeopleAcrossARestart() async throws {
        try await onStage { stage in
            try await stage.produce(
                0..<1_000, and: ["{", #"{"email":"x"}"#, #"{"id":"no uuid","email":"x"}"#])
            let progress = StageProgress()
            let id = try await stage.running(progress: progress) { runner in
                try await streamExpect { try await stage.stored() == 1_000 }
                try await streamExpect {
                    await runner.committedOffsets(of: "people_query")["people"]?
                        .values.reduce(0, +) == 1_003
                }
                return await runner.status(of: "people_query")?.id
            }
            #expect(progress.snapshot.count(.stored) == 1_000)
            #expect(
                progress.snapshot.rejected == [
                    "the value is not JSON": 1, "id is missing": 1, "id is no uuid": 1,
                ])
            try await expectDeadLetters(stage)
            try await stage.produce(1_000..<1_500)
            try await stage.running { runner in
                try await streamExpect { try await stage.stored() == 1_500 }
                let status = await runner.status(of: "people_query")
                #expect(status?.id == id)
                #expect((status?.numInputRows ?? 0) <= 500)
            }
        }
    }

    private func expectDeadLetters(_ stage: StreamStage) async throws {
        let consumer = try KafkaConsumer(
            KafkaConfiguration(stage.kafka), headers: true, logger: streamLogger)
        try await consumer.assign([TopicPartition(topic: "people.dlq", partition: 0): 0])
        var letters: [(value: String, headers: [String: String])] = []
        let isThere = try await streamEventually {
            let records = try await consumer.poll(recordsMax: 10, wait: .milliseconds(100))
            for record in records.records {
                let headers = records.headers(of: record).map {
                    ($0.name, String(decoding: $0.value ?? [], as: UTF8.self))
                }
                letters.append(
                    (
                        String(decoding: records.value(of: record) ?? [], as: UTF8.self),
                        Dictionary(uniqueKeysWithValues: headers)
                    ))
            }
            return letters.count == 3
        }
        await consumer.close()
        #expect(isThere)
        let cut = letters.first { $0.value == "{" }
        #expect(cut?.headers["reason"] == "the value is not JSON")
        #expect(cut?.headers["source.topic"] == "people")
        #expect(cut?.headers["source.offset"].flatMap { Int($0) } != nil)
    }

    /// Goal: `restart` reads everything again, on a new checkpoint; the old one is kept aside.
    @Test func restartsFromTheBeginning() async throws {
        try await onStage { stage in
            try await stage.produce(0..<300)
            try await stage.running { runner in
                try await streamExpect { try await stage.stored() == 300 }
                let first = await runner.status(of: "people_query")
                try await stage.session.execute("TRUNCATE ks.people")
                try await runner.restart("people_query", from: .earliest)
                try await streamExpect { try await stage.stored() == 300 }
                let second = await runner.status(of: "people_query")
                #expect(second?.id != first?.id && second?.id.isEmpty == false)
                #expect(
                    FileManager.default.fileExists(
                        atPath: stage.checkpoints + "/people_query.old/metadata"))
                try await runner.restart("people_query", from: .latest)
                try await streamExpect {
                    await runner.status(of: "people_query")?.state == .running
                }
                try await stage.produce(300..<310)
                try await streamExpect { try await stage.stored() == 310 }
                try await runner.stop("people_query")
                #expect(await runner.status(of: "people_query")?.state == .stopped)
                try await runner.start("people_query")
                try await stage.produce(310..<311)
                try await streamExpect { try await stage.stored() == 311 }
            }
        }
    }

    /// Goal: a query that cannot work says why, and others go on.
    @Test func saysWhyAQueryCannotRun() async throws {
        try await onStage { stage in
            func query(_ name: String, _ table: String) -> StreamQuery {
                StreamQuery(name).read(.kafka(topic: "people", from: .earliest))
                    .select(fromJSON("value", as: StreamStage.schema))
                    .withColumn("extra", col("age") + 1)
                    .write(.cassandra(keyspace: "ks", table: table))
            }
            let noKey = StreamQuery("no_key").read(.kafka(topic: "people"))
                .select(fromJSON("value", as: StreamStage.schema)).select("email")
                .write(.cassandra(keyspace: "ks", table: "people"))
            let wrongType = StreamQuery("wrong_type").read(.kafka(topic: "people"))
                .select(fromJSON("value", as: StreamStage.schema))
                .withColumn("age", col("email").isNull)
                .write(.cassandra(keyspace: "ks", table: "people"))
            try await stage.produce(0..<10)
            try await stage.running([
                query("more", "people"), query("nowhere", "missing"), noKey, wrongType,
                StreamStage.query,
            ]) { runner in
                func exception(_ name: String) async throws -> String {
                    try await streamExpect {
                        await runner.status(of: name)?.state == .failed
                    }
                    return await runner.status(of: name)?.exception ?? ""
                }
                #expect(
                    try await exception("more")
                        == "table ks.people has no column extra; its columns are age int, "
                        + "email text, id uuid")
                #expect(try await exception("nowhere") == "there is no table ks.missing")
                #expect(try await exception("no_key").contains("no column id, which the key"))
                #expect(
                    try await exception("wrong_type")
                        == "column age is boolean, which does not fit column age int of table "
                        + "ks.people")
                try await streamExpect { try await stage.stored() == 10 }
                await #expect(throws: StreamRunnerError.self) { try await runner.stop("other") }
            }
        }
    }

    /// Goal: one checkpoint, one user.
    @Test func refusesASecondUser() async throws {
        try await onStage { stage in
            try await stage.running { runner in
                try await streamExpect {
                    await runner.status(of: "people_query")?.state == .running
                }
                try await stage.running { second in
                    try await streamExpect {
                        await second.status(of: "people_query")?.exception?
                            .contains("in use by another running query") == true
                    }
                }
            }
        }
    }

    /// Goal: records that are gone fail the query, in words; told otherwise it goes on.
    @Test func failsWhenRecordsAreGone() async throws {
        try await onStage { stage in
            try await stage.produce(0..<100)
            try await stage.running { _ in
                try await streamExpect { try await stage.stored() == 100 }
            }
            let admin = try KafkaAdmin(KafkaConfiguration(stage.kafka), logger: streamLogger)
            try await admin.deleteTopic("people")
            try await admin.createTopic("people", partitions: 3)
            await admin.close()
            try await stage.produce(100..<103)
            try await stage.running { runner in
                try await streamExpect {
                    await runner.status(of: "people_query")?.exception?
                        .contains("Some data was lost to this query") == true
                }
            }
        }
    }

    /// Goal: a topic, broker or store that is not there yet is waited for, with a word about it.
    @Test func waitsForWhatIsNotThere() async throws {
        try await onStage { stage in
            try await stage.produce(0..<50)
            let late = StreamQuery("late").read(.kafka(topic: "late", from: .earliest))
                .select(fromJSON("value", as: StreamStage.schema))
                .write(.cassandra(keyspace: "ks", table: "people"))
            var configuration = stage.configuration()
            configuration.store = try Endpoint.parse("cassandra://127.0.0.1:1")
            try await stage.running([StreamStage.query], configuration) { runner in
                try await streamExpect {
                    await runner.status(of: "people_query")?.state == .retrying
                }
                let message = await runner.status(of: "people_query")?.message ?? ""
                #expect(message.contains("127.0.0.1:1"))
            }
            #expect(try await stage.stored() == 0)
            try await stage.running([StreamStage.query, late]) { runner in
                try await streamExpect { try await stage.stored() == 50 }
                // The two queries start beside each other, this one perhaps later.
                try await streamExpect {
                    await runner.status(of: "late")?.message == "topic \"late\" does not exist"
                }
            }
        }
    }

    /// Goal: the broker and the store may go away and come back; nothing is lost meanwhile.
    @Test func outlivesRestartsOfItsServers() async throws {
        try await onStage { stage in
            try await stage.produce(0..<100)
            try await stage.running { runner in
                try await streamExpect { try await stage.stored() == 100 }
                await stage.stopStore()
                try await stage.produce(100..<200)
                try await streamExpect {
                    await runner.status(of: "people_query")?.state == .retrying
                }
                let waiting = await runner.status(of: "people_query")?.message ?? ""
                #expect(waiting.hasPrefix("cassandra[ks.people] has not acknowledged"))
                try await stage.startStore()
                try await streamExpect { try await stage.stored() == 200 }
                await stage.stopBroker()
                try await streamExpect {
                    await runner.status(of: "people_query")?.state == .retrying
                }
                let message = await runner.status(of: "people_query")?.message ?? ""
                #expect(message.contains("cannot reach Kafka"))
                try await stage.startBroker()
                try await stage.produce(200..<300)
                try await streamExpect { try await stage.stored() == 300 }
                try await streamExpect {
                    await runner.status(of: "people_query")?.state == .running
                }
            }
        }
    }
}
