// What topics may be called, which settings they take, and how settings change.

import KafkaProtocol
import Testing

@testable import MillraceBroker

@Suite("Topic rules")
struct TopicRulesTests {
    @Test(arguments: ["", ".", "..", String(repeating: "a", count: 250), "a b", "a/b", "ä", "a\n"])
    func refusesNames(name: String) { #expect(TopicName.fault(name) != nil) }

    @Test(arguments: ["a", "...", "_a-B.9", String(repeating: "a", count: 249), "__x"])
    func takesNames(name: String) { #expect(TopicName.fault(name) == nil) }

    @Test(arguments: [
        ["retention.ms": "-1"], ["cleanup.policy": "compact,delete"], ["cleanup.policy": "compact"],
        ["message.timestamp.type": "LogAppendTime"], ["segment.bytes": "1048576"], [:],
        ["cleanup.policy": ""], ["compression.type": "gzip"],
        ["leader.replication.throttled.replicas": "0:1,1:1"],
    ])
    func takesSettings(settings: [String: String]) {
        #expect(TopicSettings.fault(settings) == nil)
    }

    /// Goal: what could not be honoured is refused, not kept silently.
    @Test(arguments: [
        ["retention.ms": "-2"], ["cleanup.policy": "shred"], ["no.such": "1"],
        ["compression.type": "brotli"], ["segment.bytes": "x"], ["preallocate": "true"],
        ["min.compaction.lag.ms": "2", "max.compaction.lag.ms": "1"], ["segment.jitter.ms": "1"],
        ["min.insync.replicas": "0"],
        ["remote.storage.enable": "true"], ["unclean.leader.election.enable": "yes"],
    ])
    func refusesSettings(settings: [String: String]) {
        #expect(TopicSettings.fault(settings) != nil)
    }

    /// Goal: every default is a value the setting itself takes, and the one a log starts with.
    @Test func defaultsAreGood() {
        for setting in TopicSettings.all { #expect(setting.fault(setting.defaultValue) == nil) }
        let all = Dictionary(
            uniqueKeysWithValues: TopicSettings.all.map { ($0.name, $0.defaultValue) })
        #expect(TopicSettings.logConfiguration(all) == LogConfiguration())
    }

    @Test func settingsReachTheLog() {
        let configuration = TopicSettings.logConfiguration([
            "segment.bytes": "5000", "max.message.bytes": "77", "cleanup.policy": "compact",
            "message.timestamp.type": "LogAppendTime", "retention.bytes": "9",
        ])
        #expect(configuration.segmentBytes == 5_000)
        #expect(configuration.messageBytesMax == 77)
        #expect(configuration.isCompacted && !configuration.deletesOld)
        #expect(configuration.stampsAppendTime)
        #expect(configuration.retentionBytes == 9)
    }

    // MARK: Changes

    private static func change(
        _ name: String, _ operation: Int8, _ value: String?
    ) -> ConfigChange.Change {
        ConfigChange.Change {
            $0.name = name
            $0.configOperation = operation
            $0.value = value
        }
    }

    private static func topic(_ settings: [String: String]) -> ConfigChange.Before {
        ConfigChange.Before(
            what: "topic", settings: settings, kinds: TopicSettings.byName.mapValues(\.kind),
            effective: { settings[$0] ?? TopicSettings.byName[$0]?.defaultValue })
    }

    /// Goal: lists change from the value in force, the default too (A5 trap 4).
    @Test func appendsAndSubtractsFromTheDefault() throws {
        let appended = try ConfigChange.apply(
            [Self.change("cleanup.policy", 2, "compact")], to: Self.topic([:]))
        #expect(appended["cleanup.policy"] == "delete,compact")
        let subtracted = try ConfigChange.apply(
            [Self.change("cleanup.policy", 3, "delete")], to: Self.topic(appended))
        #expect(subtracted["cleanup.policy"] == "compact")
    }

    @Test func setsAndDeletes() throws {
        let topic = Self.topic(["retention.ms": "5"])
        #expect(try ConfigChange.apply([Self.change("retention.ms", 1, nil)], to: topic) == [:])
        let set = try ConfigChange.apply([Self.change("retention.ms", 0, "6")], to: topic)
        #expect(set == ["retention.ms": "6"])
    }

    @Test func refusesWhatMakesNoSense() {
        let topic = Self.topic([:])
        let bad: [[ConfigChange.Change]] = [
            [Self.change("retention.ms", 2, "5")], [Self.change("nothing", 0, "5")],
            [Self.change("retention.ms", 9, "5")], [Self.change("retention.ms", 0, nil)],
            [Self.change("retention.ms", 0, "5"), Self.change("retention.ms", 0, "6")],
        ]
        for changes in bad {
            #expect(throws: TopicFault.self) { try ConfigChange.apply(changes, to: topic) }
        }
    }
}
