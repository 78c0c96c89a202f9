// DescribeLogDirs, AlterReplicaLogDirs: how large each partition is on disk, and in which directory.

import Foundation
import KafkaProtocol

extension BrokerCore {
    func describeLogDirs(_ request: DescribeLogDirsRequest, _ reply: Reply) {
        guard allows(reply, .describe, .cluster) else {
            // Before version 3 there is no error: the answer is empty.
            return reply.send(
                DescribeLogDirsRequest.self,
                DescribeLogDirsResponse { $0.errorCode = .clusterAuthorizationFailed })
        }
        blocking(reply) {
            let response = DescribeLogDirsResponse {
                $0.results = [self.logDir(request.topics)]
            }
            reply.send(DescribeLogDirsRequest.self, response)
        }
    }

    /// - Parameter wanted: `nil` for all partitions.
    private func logDir(
        _ wanted: [DescribeLogDirsRequest.DescribableLogDirTopic]?
    ) -> DescribeLogDirsResponse.LogDirResult {
        let path = catalog.directory.path
        return DescribeLogDirsResponse.LogDirResult {
            $0.logDir = path
            var status = statvfs()
            if statvfs(path, &status) == 0 {
                $0.totalBytes = Int64(status.f_blocks) * Int64(status.f_frsize)
                $0.usableBytes = Int64(status.f_bavail) * Int64(status.f_frsize)
            }
            for topic in catalog.topics {
                var logs = topic.logs
                if let wanted {
                    let partitions = wanted.filter { $0.topic == topic.name }
                        .flatMap(\.partitions)
                    logs.removeAll { !partitions.contains($0.name.partition) }
                }
                if logs.isEmpty { continue }
                $0.topics.append(
                    DescribeLogDirsResponse.LogDirResult.Topic {
                        $0.name = topic.name
                        $0.partitions = logs.map(Self.size)
                    })
            }
        }
    }

    private static func size(
        _ log: PartitionLog
    ) -> DescribeLogDirsResponse.LogDirResult.Topic.Partition {
        DescribeLogDirsResponse.LogDirResult.Topic.Partition {
            $0.partitionIndex = log.name.partition
            // A size that cannot be read is no reason to hide the others.
            $0.partitionSize = (try? log.view.with { $0 }.sizeBytes()) ?? 0
        }
    }

    // MARK: Moves

    /// There is one directory: to stay in it is fine, and to go to another is LOG_DIR_NOT_FOUND, which
    /// Kafka too says before it looks at the partition.
    func alterReplicaLogDirs(_ request: AlterReplicaLogDirsRequest, _ reply: Reply) {
        let allowed = allows(reply, .alter, .cluster)
        var response = AlterReplicaLogDirsResponse()
        for directory in request.dirs {
            let refused: KafkaErrorCode =
                if !allowed {
                    .clusterAuthorizationFailed
                } else if directory.path != catalog.directory.path {
                    .logDirNotFound
                } else {
                    .none
                }
            response.results += directory.topics.map { stayed($0, refused) }
        }
        reply.send(AlterReplicaLogDirsRequest.self, response)
    }

    private func stayed(
        _ topic: AlterReplicaLogDirsRequest.Directory.Topic, _ refused: KafkaErrorCode
    ) -> AlterReplicaLogDirsResponse.Topic {
        let known = catalog.topic(topic.name)
        return AlterReplicaLogDirsResponse.Topic {
            $0.topicName = topic.name
            $0.partitions = topic.partitions.map { partition in
                AlterReplicaLogDirsResponse.Topic.Partition {
                    $0.partitionIndex = partition
                    let isHere = known?.log(partition) != nil
                    $0.errorCode =
                        refused != .none || isHere ? refused : .unknownTopicOrPartition
                }
            }
        }
    }
}
