// What a new metadata log begins with: the features, and what older data directories kept in files.

import KafkaProtocol
import MillraceBase

extension MetadataLog {
    /// Opens the log of a data directory; a new one takes over `topics.json` and `producer-ids`, in
    /// which directories of before version 0.2 kept the same. Blocks.
    static func open(
        _ directory: DataDirectory, nodeID: Int32, clock: WallClock = .system
    ) throws(BrokerError) -> MetadataLog {
        let log = try MetadataLog(
            directory: directory.path,
            node: MetadataNode(id: nodeID, directoryID: directory.directoryID), clock: clock)
        if log.image.features.isEmpty {
            let records = BrokerFeatures.initialRecords + (try older(directory, log.node))
            do throws(MetadataLogError) {
                try log.append(records)
            } catch {
                throw .file(
                    path: directory.path, operation: "write the metadata of",
                    because: error.description)
            }
        }
        // They stand in the log now. A crash between leaves them for the next start to remove.
        for name in [CatalogFile.name, "producer-ids"] {
            try onDisk { () throws(DiskError) in
                try DiskFolder.remove(directory.path + "/" + name)
            }
        }
        return log
    }

    private static func older(
        _ directory: DataDirectory, _ node: MetadataNode
    ) throws(BrokerError) -> [MetadataRecord] {
        var records: [MetadataRecord] = []
        for topic in try directory.catalog().entries.values {
            records += MetadataRecord.topic(
                topic.name, id: topic.id, partitions: 0..<topic.partitions, node: node)
            records += MetadataRecord.configs(
                ConfigResource(.topic, topic.name), from: [:], to: topic.settings)
        }
        let path = directory.path + "/producer-ids"
        let bytes = try onDisk { () throws(DiskError) in try DiskFolder.contents(path) }
        guard let bytes else { return records }
        let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard let next = Int64(text), next >= 0 else {
            throw .corrupt(path: path, because: "it holds no number")
        }
        return records + [.producerIDs(next, node: node)]
    }
}
