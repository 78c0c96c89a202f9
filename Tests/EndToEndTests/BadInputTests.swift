// What a person may do wrong: each time one clear failure, an exit code, no stack trace.

import Foundation
import Testing

@Suite("Bad input", .serialized)
struct BadInputTests {
    /// Goal: every failure says what, where and what to try, and never crashes.
    private func expectFailure(
        _ ended: Binary.Ended, says words: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(ended.code != 0, sourceLocation: sourceLocation)
        #expect(ended.code < 128, "it was ended by a signal", sourceLocation: sourceLocation)
        for word in words + ["at:", "try:"] {
            let says = ended.errors.contains(word)
            #expect(
                says, "\"\(word)\" is missing in: \(ended.errors)", sourceLocation: sourceLocation)
        }
        #expect(!ended.errors.contains("Fatal error"), sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ["--kafka", "amqp://mq.example:5672"], ["--landing", "mysql://db"],
        ["--store", "mongodb://db"], ["--source", "ftp://people"], ["--registry", "amqp://r"],
        ["--processing", "sc://spark:15002"], ["--orchestrator", "airflow+http://a:8080"],
        ["--kafka", "embedded:?nonsense=1"], ["--kafka", "embedded:?durability=maybe"],
        ["--kafka", "9092"], ["--partitions", "many"], ["--log-level", "loud"],
        ["--source", "file:/nowhere/people.ndjson"], ["--config", "/nowhere/millrace.yaml"],
    ])
    func wrongSetting(flags: [String]) async throws {
        let folder = try TemporaryFolder()
        let ended = try await Binary.run(["run", "--data", folder.path + "/data"] + flags)
        expectFailure(ended, says: [])
    }

    @Test func passwordIsNeverShown() async throws {
        let folder = try TemporaryFolder()
        let ended = try await Binary.run([
            "run", "--data", folder.path + "/data", "--landing",
            "postgres://me:topsecret@127.0.0.1:1/people?connect_timeout=1", "--users", "1",
        ])
        #expect(ended.code == 1)
        #expect(!ended.errors.contains("topsecret"))
        #expect(!ended.output.contains("topsecret"))
    }

    @Test func wrongEnvironment() async throws {
        let folder = try TemporaryFolder()
        let ended = try await Binary.run(
            ["config"], environment: ["MILLRACE_KAFKAA": "x"], in: folder.path)
        expectFailure(ended, says: ["MILLRACE_KAFKAA"])
    }

    /// Goal: users whom no listener would ask are not taken in silence.
    @Test func usersWithoutSASL() async throws {
        let folder = try TemporaryFolder()
        let ended = try await Binary.run(
            ["run", "--data", folder.path + "/data"],
            environment: ["MILLRACE_KAFKA_USERS": "alice:secret"], in: folder.path)
        expectFailure(ended, says: ["kafka-users", "no listener uses SASL"])
    }

    @Test func wrongFile() async throws {
        let folder = try TemporaryFolder()
        try "kafkaa: x\n".write(
            toFile: folder.path + "/millrace.yaml", atomically: true, encoding: .utf8)
        expectFailure(
            try await Binary.run(["config"], in: folder.path), says: ["kafkaa", "millrace.yaml"])
    }

    /// Goal: `up` wants its own address; a taken port is a failure that names it.
    @Test func portTaken() async throws {
        let folder = try TemporaryFolder()
        let first = try await LiveStack(["--data", folder.path + "/a"] + LiveStack.freePorts)
        let port = try #require(first.addresses["kafka"]?.split(separator: ":").last)
        let ended = try await Binary.run(
            ["up", "--data", folder.path + "/b"] + LiveStack.freePorts
                + ["--only", "kafka", "--kafka", "embedded:?port=\(port)"])
        expectFailure(ended, says: [String(port)])
        #expect(try await first.stopped().code == 0)
    }

    /// Goal: one data directory, one stack.
    @Test func secondStack() async throws {
        let folder = try TemporaryFolder()
        let data = ["--data", folder.path + "/data"]
        let first = try await LiveStack(data + LiveStack.freePorts)
        expectFailure(
            try await Binary.run(["up"] + data + LiveStack.freePorts), says: ["another stack"])
        #expect(try await first.stopped().code == 0)
    }

    @Test func newerData() async throws {
        let folder = try TemporaryFolder()
        try "99\n".write(toFile: folder.path + "/format", atomically: true, encoding: .utf8)
        expectFailure(
            try await Binary.run(["run", "--data", folder.path, "--users", "1"]), says: ["newer"])
    }

    @Test func wrongParameter() async throws {
        let folder = try TemporaryFolder()
        let ended = try await Binary.run(["run", "--users", "0", "--data", folder.path + "/data"])
        expectFailure(ended, says: ["users"])
    }

    @Test func unreachableServers() async throws {
        let folder = try TemporaryFolder()
        for flags in [["--kafka", "kafka://127.0.0.1:1"], ["--store", "cassandra://127.0.0.1:1"]] {
            let ended = try await Binary.run(
                ["run", "--users", "1", "--data", folder.path + "/data"] + flags)
            expectFailure(ended, says: ["127.0.0.1:1"])
        }
    }
}
