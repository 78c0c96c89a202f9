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
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
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

    // MARK: Strays

    private static let straySuffix = "-stray"

    /// Clears away folders of partitions that the metadata does not know. Only folders that carry a
    /// topic id are touched.
    ///
    /// Those of a topic in `removedTopics` go: a crash came between its deletion and that of its files.
    /// Any other is renamed to `<name>.<topic id>-stray`, since the metadata may have been damaged.
    func settleStrays(
        _ image: MetadataImage, removedTopics: Set<KafkaUUID>
    ) throws(DiskError) -> (removed: [String], setAside: [String]) {
        let known = Dictionary(
            uniqueKeysWithValues: image.topics.values.map { ($0.id.description, $0) })
        let gone = Set(removedTopics.map(\.description))
        var removed: [String] = []
        var setAside: [String] = []
        for name in try DiskFolder.names(in: path) where !name.hasSuffix(Self.straySuffix) {
            let folder = path + "/" + name
            guard let bytes = try? DiskFolder.contents(folder + "/partition.metadata"),
                let line = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
                    .first(where: { $0.hasPrefix("topic_id: ") })
            else { continue }
            let id = String(line.dropFirst("topic_id: ".count))
            let entry = known[id]
            let number = entry.flatMap { Int32(name.dropFirst($0.name.count + 1)) }
            if let entry, let number, name.hasPrefix(entry.name + "-"), number < entry.partitions {
                continue
            }
            if gone.contains(id) {
                try DiskFolder.removeAll(folder)
                removed.append(name)
            } else {
                let stray = strayName(name, id)
                try DiskFolder.rename(folder, to: path + "/" + stray)
                setAside.append(stray)
            }
        }
        if !setAside.isEmpty { try DiskFolder.flush(path) }
        return (removed, setAside)
    }

    /// A name that is free. What is too long for a file system loses the end of the topic's name.
    /// - Parameter id: as the folder says, so not to be trusted.
    private func strayName(_ name: String, _ id: String) -> String {
        let id = KafkaUUID(id)?.description ?? "unknown"
        let topic = name.prefix(upTo: name.lastIndex(of: "-") ?? name.endIndex)
        let partition = name.dropFirst(topic.count)
        var attempt = 1
        while true {
            let ending = attempt == 1 ? id : "\(id).\(attempt)"
            let rest = "\(partition).\(ending)\(Self.straySuffix)"
            let stray = topic.prefix(max(Limits.fileNameBytesMax - rest.utf8.count, 0)) + rest
            if !DiskFolder.exists(path + "/" + stray) { return String(stray) }
            attempt += 1
        }
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
