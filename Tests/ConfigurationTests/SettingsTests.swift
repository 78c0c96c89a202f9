// Settings: which of file, environment and flag wins, and what is refused.

import Foundation
import MillraceBase
import Testing

@testable import Millrace

@Suite("Settings")
struct SettingsTests {
    /// Goal: flags over environment over file over default, each value with its origin.
    @Test func laterWins() throws {
        let file = try Self.file(
            "kafka: \"kafka://file:9092\"\nstore: \"cassandra://file\"\npartitions: 7\n")
        defer { try? FileManager.default.removeItem(atPath: file) }
        let settings = try SettingsLoader.load(
            file: file, flags: ["kafka": "kafka://flag:9092"],
            environment: [
                "MILLRACE_KAFKA": "kafka://env:9092", "MILLRACE_STORE": "cassandra://env",
            ])
        #expect(settings.endpoint("kafka").host == "flag")
        #expect(settings.values["kafka"]?.origin == .flag("--kafka"))
        #expect(settings.endpoint("store").host == "env")
        #expect(settings.values["store"]?.origin == .environment("MILLRACE_STORE"))
        #expect(settings.number("partitions") == 7)
        #expect(settings.values["partitions"]?.origin == .file(file))
        #expect(settings.text("landing") == "sqlite:")
    }

    /// Goal: `embedded:` without quotes is no YAML, and is what people type.
    @Test func bareSchemesAreURLs() throws {
        let file = try Self.file(
            """
            kafka: embedded:
            store: embedded:?sync=batch  # why
            source: "embedded:?port=0"
            """)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let settings = try SettingsLoader.load(file: file, flags: [:], environment: [:])
        #expect(settings.endpoint("kafka").scheme == "embedded")
        #expect(settings.endpoint("source").port == 0)
    }

    /// Goal: a file written on Windows says the same.
    @Test func linesMayEndAsOnWindows() throws {
        let file = try Self.file("# comment\r\nkafka: embedded:\r\npartitions: 7\r\n")
        defer { try? FileManager.default.removeItem(atPath: file) }
        let settings = try SettingsLoader.load(file: file, flags: [:], environment: [:])
        #expect(settings.endpoint("kafka").scheme == "embedded")
        #expect(settings.number("partitions") == 7)
    }

    @Test(arguments: [
        ["kafka": "nonsense"], ["partitions": "0"], ["partitions": "x"], ["log-level": "loud"],
        ["data": ""], ["store": "cassandra://:9042"],
        ["registry": "https://r:8081?ssl.certificate.location=me.pem"],
    ])
    func badValuesAreFailures(flags: [String: String]) {
        #expect(throws: Failure.self) {
            try SettingsLoader.load(file: nil, flags: flags, environment: [:])
        }
    }

    /// Goal: what a real registry's URL may say, is taken.
    @Test func registriesTakeTheirOptions() throws {
        let settings = try SettingsLoader.load(
            file: nil, flags: ["registry": "https://r:8081?ssl.ca.location=ca.pem"],
            environment: [:])
        #expect(settings.endpoint("registry").options == ["ssl.ca.location": "ca.pem"])
    }

    @Test(arguments: [
        "- a\n- b\n", "nothing: 1\n", "kafka: [1, 2]\n", "{{{", "kafka: {a: 1, b: 2}\n",
    ])
    func badFilesAreFailures(text: String) throws {
        let file = try Self.file(text)
        defer { try? FileManager.default.removeItem(atPath: file) }
        #expect(throws: Failure.self) {
            try SettingsLoader.load(file: file, flags: [:], environment: [:])
        }
    }

    /// Goal: what is shown of a URL never holds its password.
    @Test func passwordsAreHidden() throws {
        let settings = try SettingsLoader.load(
            file: nil, flags: ["landing": "postgres://me:secret@db/people"], environment: [:])
        let setting = try #require(Setting.named("landing"))
        #expect(settings.shown(setting) == "postgres://me:***@db/people")
        #expect(!settings.place(of: "landing").contains("secret"))
    }

    @Test func unknownVariablesAreNamed() {
        #expect(throws: Failure.self) {
            try SettingsLoader.load(file: nil, flags: [:], environment: ["MILLRACE_CAFKA": "x"])
        }
    }

    private static func file(_ text: String) throws -> String {
        let path = NSTemporaryDirectory() + "millrace-settings-" + UUID().uuidString + ".yaml"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
