// What the administrator's client says of groups of both protocols, and does to their members and offsets.
package compatibility;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

public final class AdminGroups implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        for (String protocol : List.of("classic", "consumer")) seen.put(protocol, of(client, protocol));
        return seen;
    }

    private static Object of(Client client, String protocol) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        String group = client.topic(4);
        TopicPartition place = new TopicPartition(group, 0);
        client.hurry(group);
        try (Admin admin = client.admin()) {
            try (Members members = new Members(client, "group.id", group, "group.protocol", protocol)) {
                members.join("one", List.of(group));
                members.join("two", List.of(group));
                members.untilShared(2, 2);
                members.until("both have said that they own their share", () -> admin.describeConsumerGroups(
                    List.of(group)).all().get().get(group).groupState() == GroupState.STABLE);
                ConsumerGroupDescription told = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
                seen.put("state", told.groupState().toString());
                seen.put("type", told.type().toString());
                seen.put("assignor", told.partitionAssignor());
                seen.put("assigned", told.members().stream()
                    .map(member -> member.assignment().topicPartitions().size()).toList());
                seen.put("listed", listed(admin, group, protocol));
                seen.put("delete while in use", Client.error(
                    () -> admin.deleteConsumerGroups(List.of(group)).all().get()));
                seen.put("alter while in use", Client.error(() -> admin.alterConsumerGroupOffsets(
                    group, Map.of(place, new OffsetAndMetadata(0))).all().get()));
                if (protocol.equals("classic")) {
                    seen.put("as classic", admin.describeClassicGroups(List.of(group)).all().get().get(group)
                        .members().size());
                    admin.removeMembersFromConsumerGroup(
                        group, new RemoveMembersFromConsumerGroupOptions()).all().get();
                }
                members.consumers.get("one").commitSync(Map.of(place, new OffsetAndMetadata(3, "here")));
            } catch (org.apache.kafka.clients.consumer.CommitFailedException removed) {
                seen.put("removed", "CommitFailedException");
            }
            seen.put("offsets", offsets(admin, group, place));
        }
        return seen;
    }

    private static Object listed(Admin admin, String group, String protocol) throws Exception {
        GroupType type = GroupType.parse(protocol);
        var stable = new ListGroupsOptions().inGroupStates(Set.of(GroupState.STABLE)).withTypes(Set.of(type));
        var empty = new ListGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY)).withTypes(Set.of(type));
        return List.of(listed(admin, stable, group), listed(admin, empty, group),
            listed(admin, ListGroupsOptions.forConsumerGroups(), group),
            listed(admin, ListGroupsOptions.forShareGroups(), group));
    }

    private static boolean listed(Admin admin, ListGroupsOptions options, String group) throws Exception {
        return admin.listGroups(options).all().get().stream().anyMatch(each -> each.groupId().equals(group));
    }

    private static Object offsets(Admin admin, String group, TopicPartition place) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        Client.until("nobody is there", () -> admin.describeConsumerGroups(List.of(group)).all().get().get(group)
            .groupState() == GroupState.EMPTY);
        TopicPartition other = new TopicPartition(group, 1);
        admin.alterConsumerGroupOffsets(group, Map.of(
            place, new OffsetAndMetadata(7, "seven"), other, new OffsetAndMetadata(8))).all().get();
        var found = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        seen.put("set", List.of(found.get(place).offset(), found.get(place).metadata(), found.get(other).offset()));
        admin.deleteConsumerGroupOffsets(group, Set.of(other)).all().get();
        var some = admin.listConsumerGroupOffsets(Map.of(
            group, new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(place, other)),
            "nobody", new ListConsumerGroupOffsetsSpec())).all().get();
        seen.put("left", some.get(group).get(place).offset());
        seen.put("gone", some.get(group).get(other) == null);
        seen.put("nobody", some.get("nobody").size());
        ConfigResource settings = new ConfigResource(ConfigResource.Type.GROUP, group);
        seen.put("heartbeat", admin.describeConfigs(List.of(settings)).all().get().get(settings)
            .get("consumer.heartbeat.interval.ms").value());
        admin.deleteConsumerGroups(List.of(group)).all().get();
        seen.put("deleted", Client.error(() -> admin.describeConsumerGroups(List.of(group)).all().get()));
        return seen;
    }
}
