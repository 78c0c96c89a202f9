// A group of either protocol: members join and leave, share all partitions, and see each record.
package compatibility;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Options "client.…": group.protocol, partition.assignment.strategy, group.remote.assignor of the consumers. */
public final class Groups implements Scenario {
    private static final int PARTITIONS = 6;
    private static final int RECORDS = 300;

    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        Client plain = new Client(Map.of("bootstrap", client.options.get("bootstrap")));
        String first = plain.topic(PARTITIONS), second = plain.topic(PARTITIONS);
        List<String> topics = List.of(first, second);
        try (KafkaProducer<String, String> producer = plain.producer();
                Members members = new Members(client, "group.id", first)) {
            plain.hurry(first);
            members.join("one", topics);
            members.untilShared(12);
            fill(producer, topics, 0);
            members.join("two", topics);
            members.untilShared(6, 6);
            members.join("three", topics);
            members.untilShared(4, 4, 4);
            seen.put("owned by three", new ArrayList<>(members.owned().values()));
            fill(producer, topics, 1);
            members.until("all records", () -> members.seen.size() == 2 * RECORDS);
            members.consumers.values().forEach(each -> each.commitSync());
            members.leave("two", GroupMembershipOperation.DEFAULT);
            members.untilShared(6, 6);
            members.leave("one", GroupMembershipOperation.LEAVE_GROUP);
            members.untilShared(12);
            fill(producer, topics, 2);
            members.until("all records", () -> members.seen.size() == 3 * RECORDS);
            seen.put("again", members.seen.values().stream().filter(times -> times > 1).count());
            seen.put("lost", members.told.stream().filter(told -> told.contains("lost")).count());
            seen.put("told", members.told);
        }
        return seen;
    }

    private static void fill(KafkaProducer<String, String> producer, List<String> topics, int round) {
        for (int index = 0; index < RECORDS; index++) {
            String value = round + "-" + index;
            producer.send(new ProducerRecord<>(topics.get(index % 2), index / 2 % PARTITIONS, null, value));
        }
        producer.flush();
    }
}
