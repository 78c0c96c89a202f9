// What the administrator's client is told of the cluster, and what a cluster of one broker answers to changes.
package compatibility;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.FeatureMetadata;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.config.ConfigResource;

public final class AdminCluster implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        TopicPartition place = new TopicPartition(client.topic(1), 0);
        try (Admin admin = client.admin()) {
            var cluster = admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true));
            seen.put("nodes", cluster.nodes().get().stream().map(node -> node.id()).toList());
            seen.put("controller", cluster.controller().get().id());
            seen.put("operations", cluster.authorizedOperations().get().size());
            seen.put("id", cluster.clusterId().get().length());
            FeatureMetadata features = admin.describeFeatures().featureMetadata().get();
            Map<String, Short> levels = new LinkedHashMap<>();
            features.finalizedFeatures().forEach((name, range) -> levels.put(name, range.maxVersionLevel()));
            seen.put("features", levels);
            QuorumInfo quorum = admin.describeMetadataQuorum().quorumInfo().get();
            seen.put("quorum", List.of(quorum.leaderId(), quorum.voters().size(), quorum.observers().size()));
            seen.put("feature", Client.error(() -> admin.updateFeatures(
                Map.of("group.version", new FeatureUpdate((short) 99, FeatureUpdate.UpgradeType.UPGRADE)),
                new UpdateFeaturesOptions()).all().get()));
            logs(admin, place, seen);
            moves(admin, place, seen);
            refused(admin, place, seen);
        }
        return seen;
    }

    private static void logs(Admin admin, TopicPartition place, Map<String, Object> seen) throws Exception {
        var described = admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).values().iterator().next();
        seen.put("log folder", described.replicaInfos().containsKey(place) && described.totalBytes().isPresent());
        var replica = new TopicPartitionReplica(place.topic(), 0, 1);
        seen.put("replica", admin.describeReplicaLogDirs(List.of(replica)).all().get().get(replica)
            .getCurrentReplicaLogDir() != null);
        seen.put("another folder", Client.error(
            () -> admin.alterReplicaLogDirs(Map.of(replica, "/nowhere")).all().get()));
    }

    private static void moves(Admin admin, TopicPartition place, Map<String, Object> seen) throws Exception {
        seen.put("election", admin.electLeaders(ElectionType.PREFERRED, Set.of(place)).partitions().get().get(place)
            .map(error -> error.getClass().getSimpleName()).orElse("none"));
        seen.put("moves", admin.listPartitionReassignments().reassignments().get().size());
        seen.put("move here", Client.error(() -> admin.alterPartitionReassignments(
            Map.of(place, Optional.of(new NewPartitionReassignment(List.of(1))))).all().get()));
        seen.put("move away", Client.error(() -> admin.alterPartitionReassignments(
            Map.of(place, Optional.of(new NewPartitionReassignment(List.of(2))))).all().get()));
        seen.put("stop a move", Client.error(
            () -> admin.alterPartitionReassignments(Map.of(place, Optional.empty())).all().get()));
    }

    private static void refused(Admin admin, TopicPartition place, Map<String, Object> seen) throws Exception {
        ConfigResource logger = new ConfigResource(ConfigResource.Type.BROKER_LOGGER, "1");
        seen.put("loggers", admin.describeConfigs(List.of(logger)).all().get().get(logger).entries().size() > 0);
        seen.put("metrics", admin.listConfigResources(Set.of(ConfigResource.Type.CLIENT_METRICS),
            new org.apache.kafka.clients.admin.ListConfigResourcesOptions()).all().get().size());
        seen.put("unregister", Client.error(() -> admin.unregisterBroker(7).all().get()));
        seen.put("token", Client.error(() -> admin.createDelegationToken().delegationToken().get()));
        seen.put("tokens", Client.error(() -> admin.describeDelegationToken().delegationTokens().get()));
        seen.put("share groups", Client.error(() -> admin.describeShareGroups(List.of("share")).all().get()));
        seen.put("streams groups", Client.error(() -> admin.describeStreamsGroups(List.of("streams")).all().get()));
        seen.put("add voter", Client.error(() -> admin.addRaftVoter(2, org.apache.kafka.common.Uuid.randomUuid(),
            Set.of(new org.apache.kafka.clients.admin.RaftVoterEndpoint("CONTROLLER", "localhost", 1))).all().get()));
    }
}
