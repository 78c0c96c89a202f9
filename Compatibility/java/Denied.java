// What clients are told of what they may not do, and that one granted right is enough for its own purpose.
package compatibility;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** Options "client.…" log a user in who has no rights; "administrator" is the JAAS line of one who has all. */
public final class Denied implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        Map<String, String> options = new LinkedHashMap<>(client.options);
        options.put("client.sasl.jaas.config", options.get("administrator"));
        Client administrator = new Client(options);
        String topic = administrator.topic(1);
        seen.put("create", Client.error(() -> client.topic(topic + "-mine", 1)));
        seen.put("send", send(client, topic));
        seen.put("read", read(client, topic, "classic"));
        seen.put("read as of KIP-848", read(client, topic, "consumer"));
        seen.put("transaction", Client.error(() -> {
            try (KafkaProducer<String, String> producer = client.producer("transactional.id", topic)) {
                producer.initTransactions();
            }
            return null;
        }));
        try (Admin admin = client.admin(); Admin ruler = administrator.admin()) {
            seen.put("rules", Client.error(() -> admin.describeAcls(
                org.apache.kafka.common.acl.AclBindingFilter.ANY).values().get()));
            seen.put("describe", Client.error(() -> admin.describeTopics(List.of(topic)).allTopicNames().get()));
            seen.put("describe by id", Client.error(() -> admin.describeTopics(
                org.apache.kafka.common.TopicCollection.ofTopicIds(List.of(ruler.describeTopics(List.of(topic))
                    .allTopicNames().get().get(topic).topicId()))).allTopicIds().get()));
            seen.put("listed", admin.listTopics().names().get().contains(topic));
            grant(ruler, ResourceType.TOPIC, topic, AclOperation.WRITE);
            seen.put("send with the right", send(client, topic));
            grant(ruler, ResourceType.TOPIC, topic, AclOperation.READ);
            seen.put("read without the group", read(client, topic, "classic"));
            grant(ruler, ResourceType.GROUP, topic, AclOperation.READ);
            seen.put("read with the rights", read(client, topic, "classic"));
            seen.put("read with the rights as of KIP-848", read(client, topic, "consumer"));
        }
        return seen;
    }

    private static void grant(Admin ruler, ResourceType type, String name, AclOperation what) throws Exception {
        ruler.createAcls(List.of(new AclBinding(new ResourcePattern(type, name, PatternType.LITERAL),
            new AccessControlEntry("User:alice", "*", what, AclPermissionType.ALLOW)))).all().get();
    }

    private static String send(Client client, String topic) {
        return Client.error(() -> {
            try (KafkaProducer<String, String> producer = client.producer()) {
                Client.send(producer, topic, "mine");
            }
            return null;
        });
    }

    /** Reads one record; the group has the topic's name. */
    private static String read(Client client, String topic, String protocol) {
        return Client.error(() -> {
            try (KafkaConsumer<String, String> consumer =
                    client.consumer("group.id", topic, "group.protocol", protocol)) {
                consumer.subscribe(List.of(topic));
                Client.until("a record", () -> !consumer.poll(Client.POLL).isEmpty());
            }
            return null;
        });
    }
}
