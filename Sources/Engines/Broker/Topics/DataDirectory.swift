// The broker's data directory: who it belongs to, whether it was left in order, and its checkpoints.
// Source: reference/kafka.md B3, B4; apache/kafka MetaPropertiesVersion.java

import KafkaProtocol
import MillraceBase

/// The files beside the partitions' folders. Opened by one broker at a time.
///
///     .lock                               held while a broker runs
///     meta.properties                     version, cluster.id, node.id, directory.id
///     __cluster_metadata-0/               topics, settings, rules: see `MetadataLog`
///     recovery-point-offset-checkpoint    where a recovery of each log begins
///     log-start-offset-checkpoint         the first offset that was not deleted
///     .kafka_cleanshutdown                there while no broker runs and the last one stopped in order
struct DataDirectory: Sendable {
    let path: String
    let clusterID: String
    let directoryID: KafkaUUID
    /// Whether the last broker stopped in order, so that its files can be trusted.
    let wasClean: Bool
    let recoveryPoints: [PartitionName: Int64]
    let startOffsets: [PartitionName: Int64]
    private let lock: DiskFile

    private static let cleanMarker = ".kafka_cleanshutdown"
    private static let recoveryCheckpoint = "recovery-point-offset-checkpoint"
    private static let startCheckpoint = "log-start-offset-checkpoint"

    /// Takes the directory; makes it when it is missing. The mark of a clean stop is gone afterwards.
    init(_ configuration: BrokerConfiguration) throws(BrokerError) {
        path = configuration.directory
        let path = path
        lock = try onDisk { () throws(DiskError) in
            try DiskFolder.make(path)
            return try DiskFile.open(path + "/.lock", create: true)
        }
        guard lock.lock() else { throw .directoryInUse(path) }
        let identity = try Self.identity(configuration)
        clusterID = identity.clusterID
        directoryID = identity.directoryID
        recoveryPoints = try Self.checkpoint(path, Self.recoveryCheckpoint)
        startOffsets = try Self.checkpoint(path, Self.startCheckpoint)
        wasClean = try onDisk { () throws(DiskError) in
            let marker = path + "/" + Self.cleanMarker
            guard DiskFolder.exists(marker) else { return false }
            // Gone for good before anything is written: a crash from here on is no clean stop.
            try DiskFolder.remove(marker)
            try DiskFolder.flush(path)
            return true
        }
    }

    private static func checkpoint(
        _ path: String, _ name: String
    ) throws(BrokerError) -> [PartitionName: Int64] {
        let bytes = try onDisk { () throws(DiskError) in
            try DiskFolder.contents(path + "/" + name)
        }
        // A damaged one only makes a recovery read more.
        return bytes.flatMap(OffsetCheckpoint.decode) ?? [:]
    }

    // MARK: Identity

    private static func identity(
        _ configuration: BrokerConfiguration
    ) throws(BrokerError) -> (clusterID: String, directoryID: KafkaUUID) {
        let path = configuration.directory + "/meta.properties"
        let bytes = try onDisk { () throws(DiskError) in try DiskFolder.contents(path) }
        if let bytes {
            let kept = properties(bytes)
            guard kept["version"] == "1", let clusterID = kept["cluster.id"],
                let directoryID = kept["directory.id"].flatMap(KafkaUUID.init)
            else {
                throw .corrupt(
                    path: path, because: "it lacks version=1, cluster.id or directory.id")
            }
            if let wanted = configuration.clusterID, wanted != clusterID {
                throw .otherCluster(path: path, kept: clusterID, wanted: wanted)
            }
            return (clusterID, directoryID)
        }
        var random = SystemRandomNumberGenerator()
        let clusterID = configuration.clusterID ?? KafkaUUID.random(using: &random).description
        let directoryID = KafkaUUID.random(using: &random)
        let text = """
            version=1
            cluster.id=\(clusterID)
            node.id=\(configuration.nodeID)
            directory.id=\(directoryID)

            """
        try onDisk { () throws(DiskError) in
            try DiskFolder.replace(path, with: Array(text.utf8))
        }
        return (clusterID, directoryID)
    }

    private static func properties(_ bytes: [UInt8]) -> [String: String] {
        var found: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
        }
        return found
    }

    // MARK: Topics

    /// What directories of before the metadata log kept.
    func catalog() throws(BrokerError) -> CatalogFile {
        let path = path + "/" + CatalogFile.name
        let bytes = try onDisk { () throws(DiskError) in try DiskFolder.contents(path) }
        return if let bytes { try CatalogFile(bytes: bytes, path: path) } else { CatalogFile() }
    }

    /// Removes folders of partitions that the metadata does not know: a crash came between a topic's
    /// deletion and that of its files. Only folders that carry a topic id of ours are touched.
    /// - Returns: their names.
    func removeStrays(_ image: MetadataImage) throws(DiskError) -> [String] {
        let known = Dictionary(
            uniqueKeysWithValues: image.topics.values.map { ($0.id.description, $0) })
        var removed: [String] = []
        for name in try DiskFolder.names(in: path) {
            let folder = path + "/" + name
            guard let bytes = try? DiskFolder.contents(folder + "/partition.metadata"),
                let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                    .first(where: { $0.hasPrefix("topic_id: ") })
            else { continue }
            let entry = known[String(line.dropFirst("topic_id: ".count))]
            // A partition that a crash kept from being added has a number that no partition has.
            let number = entry.flatMap { Int32(name.dropFirst($0.name.count + 1)) }
            if let entry, let number, name.hasPrefix(entry.name + "-"), number < entry.partitions {
                continue
            }
            try DiskFolder.removeAll(folder)
            removed.append(name)
        }
        return removed
    }

    // MARK: Checkpoints

    func write(recoveryPoints: [PartitionName: Int64]) throws(DiskError) {
        try DiskFolder.replace(
            path + "/" + Self.recoveryCheckpoint, with: OffsetCheckpoint.encode(recoveryPoints))
    }

    func write(startOffsets: [PartitionName: Int64]) throws(DiskError) {
        try DiskFolder.replace(
            path + "/" + Self.startCheckpoint, with: OffsetCheckpoint.encode(startOffsets))
    }

    /// The last act of an orderly stop.
    func markClean() throws(DiskError) {
        try DiskFolder.replace(
            path + "/" + Self.cleanMarker, with: Array("{\"version\":0}\n".utf8))
    }
}

/// Disk errors become the broker's own.
func onDisk<Value>(_ body: () throws(DiskError) -> Value) throws(BrokerError) -> Value {
    do { return try body() } catch { throw error.brokerError }
}
