// The topics as a file of older data directories: read once, and then in the metadata log.

import KafkaProtocol
import MillraceBase

/// `topics.json`: which topics there are, their ids, partitions and settings.
struct CatalogFile: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        var name: String
        var id: KafkaUUID
        var partitions: Int32
        var settings: [String: String]
    }

    static let version = 1
    static let name = "topics.json"

    /// By topic name.
    var entries: [String: Entry] = [:]

    init() {}

    init(bytes: [UInt8], path: String) throws(BrokerError) {
        let whole: JSONValue
        do { whole = try JSONValue(parsing: bytes) } catch {
            throw .corrupt(path: path, because: "\(error)")
        }
        guard whole["version"]?.int == Self.version, let topics = whole["topics"]?.array else {
            throw .corrupt(path: path, because: "its version is not \(Self.version)")
        }
        for topic in topics {
            guard let name = topic["name"]?.string, let idText = topic["id"]?.string,
                let id = KafkaUUID(idText), let count = topic["partitions"]?.int,
                let partitions = Int32(exactly: count), partitions > 0,
                partitions <= Limits.partitionsPerTopicMax, TopicName.fault(name) == nil
            else { throw .corrupt(path: path, because: "a topic in it is incomplete") }
            var settings: [String: String] = [:]
            for member in topic["settings"]?.object?.members ?? [] {
                settings[member.name] = member.value.string
            }
            entries[name] = Entry(name: name, id: id, partitions: partitions, settings: settings)
        }
    }
}
