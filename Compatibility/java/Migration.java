// A group goes from the classic protocol to that of KIP-848 and back while its members work.
package compatibility;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.producer.KafkaProducer;

public final class Migration implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        String topic = client.topic(4);
        List<String> topics = List.of(topic);
        client.hurry(topic);
        try (Members members = new Members(client, "group.id", topic);
                Admin admin = client.admin();
                KafkaProducer<String, String> producer = client.producer()) {
            members.join("old", topics);
            members.untilShared(4);
            Client.send(producer, topic, "first");
            members.until("the first record", () -> members.seen.containsKey("first"));
            seen.put("at first", type(admin, topic));
            members.join("new", topics, "group.protocol", "consumer");
            members.untilShared(2, 2);
            seen.put("both", type(admin, topic));
            members.leave("old", GroupMembershipOperation.LEAVE_GROUP);
            members.untilShared(4);
            Client.send(producer, topic, "second");
            members.until("the second record", () -> members.seen.containsKey("second"));
            members.join("old again", topics);
            members.untilShared(2, 2);
            members.leave("new", GroupMembershipOperation.LEAVE_GROUP);
            members.untilShared(4);
            seen.put("at last", type(admin, topic));
            seen.put("records", members.seen);
        }
        return seen;
    }

    private static String type(Admin admin, String group) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).all().get().get(group).type().toString();
    }
}
