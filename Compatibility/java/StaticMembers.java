// Static members of a group of either protocol: who comes back gets what it had, a double is refused.
package compatibility;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;

/** Option client.group.protocol. */
public final class StaticMembers implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        Client plain = new Client(Map.of("bootstrap", client.options.get("bootstrap")));
        String topic = plain.topic(4);
        List<String> topics = List.of(topic);
        try (Members members = new Members(client, "group.id", topic); Admin admin = plain.admin()) {
            plain.hurry(topic);
            members.join("one", topics, "group.instance.id", "one");
            members.join("two", topics, "group.instance.id", "two");
            members.untilShared(2, 2);
            Set<String> had = members.owned().get("two");
            int told = members.told.size();
            members.leave("two", GroupMembershipOperation.REMAIN_IN_GROUP);
            members.join("two", topics, "group.instance.id", "two");
            members.untilShared(2, 2);
            seen.put("the same", had.equals(members.owned().get("two")));
            seen.put("told meanwhile", List.copyOf(members.told.subList(told, members.told.size())));
            seen.put("instances", admin.describeConsumerGroups(List.of(topic)).all().get().get(topic).members().stream()
                .map(member -> member.groupInstanceId().orElse("")).sorted().toList());
            seen.put("double", members.owned().size() == 2 ? doubled(client, topic, members) : "");
            if (!"consumer".equals(client.options.get("client.group.protocol"))) {
                admin.removeMembersFromConsumerGroup(topic,
                    new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove("one")))).all().get();
                members.consumers.remove("one").close();
                members.untilShared(4);
            }
        }
        return seen;
    }

    /** What the second consumer of one instance id is told, or the first one whose place it takes. */
    private static String doubled(Client client, String topic, Members members) throws Exception {
        try (Members others = new Members(client, "group.id", topic)) {
            others.join("double", List.of(topic), "group.instance.id", "two");
            String[] error = {"none"};
            Client.until("a refusal", () -> {
                error[0] = Client.error(() -> {
                    others.poll();
                    return null;
                });
                if (error[0].equals("none")) {
                    error[0] = Client.error(() -> {
                        members.poll();
                        return null;
                    });
                }
                return !error[0].equals("none");
            });
            return error[0];
        } finally {
            members.leave("two", GroupMembershipOperation.REMAIN_IN_GROUP);
            members.join("two", List.of(topic), "group.instance.id", "two");
        }
    }
}
