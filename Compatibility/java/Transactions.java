// The second transaction protocol: commits, aborts, offsets of a consumer, and what each reader sees.
package compatibility;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

public final class Transactions implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        String topic = client.topic(2);
        List<Integer> epochs = new ArrayList<>();
        try (KafkaProducer<String, String> producer = client.producer("transactional.id", topic);
                Admin admin = client.admin()) {
            producer.initTransactions();
            for (int round = 0; round < 6; round++) {
                producer.beginTransaction();
                Client.send(producer, topic, "a" + round, "b" + round);
                producer.send(new ProducerRecord<>(topic, 1, null, "other" + round)).get();
                if (round % 3 == 1) producer.abortTransaction();
                else producer.commitTransaction();
                epochs.add(epoch(admin, topic, epochs.isEmpty() ? -1 : epochs.get(epochs.size() - 1)));
            }
            producer.beginTransaction(); // an empty one
            producer.commitTransaction();
            producer.beginTransaction();
            Client.send(producer, topic, "open");
            seen.put("committed while one is open", client.values(topic, 0, "read_committed"));
            seen.put("uncommitted while one is open", client.values(topic, 0, "read_uncommitted"));
            producer.abortTransaction();
        }
        seen.put("committed", client.values(topic, 0, "read_committed"));
        seen.put("other", client.values(topic, 1, "read_committed"));
        seen.put("epochs", epochs);
        seen.put("copied", copy(client, topic, "classic"));
        seen.put("copied by a group of KIP-848", copy(client, topic, "consumer"));
        return seen;
    }

    /** The newest epoch in the partition. The marker that raises it may come behind the answer to the client. */
    private static int epoch(Admin admin, String topic, int before) throws Exception {
        TopicPartition place = new TopicPartition(topic, 0);
        int epoch = -1;
        for (int look = 0; look < 200 && epoch <= before; look++) {
            if (look > 0) Thread.sleep(20);
            List<ProducerState> states =
                admin.describeProducers(List.of(place)).partitionResult(place).get().activeProducers();
            epoch = states.stream().mapToInt(ProducerState::producerEpoch).max().orElse(-1);
        }
        return epoch;
    }

    /** Consume, produce and commit the offsets in one transaction; a first try is aborted. */
    private static Object copy(Client client, String from, String protocol) throws Exception {
        String to = client.topic(1);
        String group = to + "-group";
        try (KafkaConsumer<String, String> consumer = client.consumer(
                    "group.id", group, "group.protocol", protocol, "isolation.level", "read_committed");
                KafkaProducer<String, String> producer = client.producer("transactional.id", to)) {
            producer.initTransactions();
            consumer.subscribe(List.of(from));
            for (boolean commits : new boolean[] {false, true}) {
                List<ConsumerRecord<String, String>> batch = new ArrayList<>();
                Client.until("all committed records are there", () -> {
                    consumer.poll(Client.POLL).forEach(batch::add);
                    return batch.size() >= 12;
                });
                producer.beginTransaction();
                Map<TopicPartition, OffsetAndMetadata> offsets = new LinkedHashMap<>();
                for (ConsumerRecord<String, String> record : batch) {
                    producer.send(new ProducerRecord<>(to, record.value()));
                    offsets.put(new TopicPartition(from, record.partition()),
                        new OffsetAndMetadata(record.offset() + 1, "copied"));
                }
                producer.flush();
                producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
                if (commits) {
                    producer.commitTransaction();
                    break;
                }
                producer.abortTransaction();
                consumer.seekToBeginning(consumer.assignment());
            }
            Map<String, Long> committed = new LinkedHashMap<>();
            // The decision is answered before the group's coordinator has heard of it; this waits for that.
            consumer.committed(consumer.assignment())
                .forEach((place, offset) -> committed.put("" + place.partition(), offset.offset()));
            return Map.of("values", client.values(to, 0, "read_committed").size(), "offsets", committed,
                "uncommitted", client.values(to, 0, "read_uncommitted").size());
        }
    }
}
