// Where a consumer can begin and go: by time, by age, by offset, and where there is nothing.
package compatibility;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

public final class Reading implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        String topic = client.topic(2);
        TopicPartition place = new TopicPartition(topic, 0), other = new TopicPartition(topic, 1);
        long now = System.currentTimeMillis();
        try (KafkaProducer<String, String> producer = client.producer("max.request.size", "1000000")) {
            seen.put("partitions", producer.partitionsFor(topic).size());
            for (int age = 4; age >= 0; age--) {
                producer.send(new ProducerRecord<>(topic, 0, now - age * 60_000, "k", "minus " + age)).get();
            }
            seen.put("too large", Client.error(
                () -> producer.send(new ProducerRecord<>(topic, 0, "k", "x".repeat(2_000_000))).get()));
        }
        try (KafkaProducer<String, String> producer = client.producer("max.request.size", "9000000")) {
            seen.put("too large for the topic", Client.error(
                () -> producer.send(new ProducerRecord<>(topic, 0, "k", "x".repeat(2_000_000))).get()));
        }
        for (String protocol : List.of("classic", "consumer")) {
            seen.put(protocol, places(client, protocol, place, other, now));
        }
        return seen;
    }

    private static Object places(
            Client client, String protocol, TopicPartition place, TopicPartition other, long now) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        Object[] common = {"group.id", place.topic() + protocol, "group.protocol", protocol};
        try (KafkaConsumer<String, String> consumer = client.consumer(common)) {
            consumer.assign(List.of(place, other));
            var times = consumer.offsetsForTimes(Map.of(place, now - 150_000, other, 0L));
            seen.put("by time", times.get(place).offset());
            seen.put("nothing by time", times.get(other) == null);
            consumer.seek(place, 3);
            seen.put("from 3", next(consumer));
            consumer.pause(List.of(place));
            seen.put("paused", consumer.poll(Duration.ofMillis(100)).count());
            consumer.resume(List.of(place));
            consumer.seek(place, 99); // goes back to the earliest, as told
            seen.put("from nowhere", next(consumer));
            consumer.commitSync();
            seen.put("committed", consumer.committed(java.util.Set.of(place)).get(place).offset());
            seen.put("listed", consumer.listTopics().containsKey(place.topic()));
        }
        for (String reset : List.of("latest", "none", "by_duration:PT150S")) {
            try (KafkaConsumer<String, String> consumer = client.consumer(
                    "group.id", place.topic() + reset, "group.protocol", protocol, "auto.offset.reset", reset)) {
                consumer.assign(List.of(place));
                Object[] position = new Object[1];
                String error = Client.error(() -> position[0] = consumer.position(place));
                seen.put(reset, error.equals("none") ? position[0] : error);
            }
        }
        return seen;
    }

    private static String next(KafkaConsumer<String, String> consumer) throws Exception {
        String[] value = new String[1];
        Client.until("a record", () -> {
            consumer.poll(Client.POLL).forEach(record -> value[0] = value[0] == null ? record.value() : value[0]);
            return value[0] != null;
        });
        return value[0];
    }
}
