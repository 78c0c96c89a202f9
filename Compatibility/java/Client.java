// Makes clients of one broker, and waits for what they are to see.
package compatibility;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Clients of strings. Options whose name begins with "client." are properties of each of them. */
final class Client {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    static final Duration POLL = Duration.ofMillis(100);
    final Map<String, String> options;

    Client(Map<String, String> options) {
        this.options = options;
    }

    /** Properties of a client: where the broker is, what the options say, then pairs of name and value. */
    Map<String, Object> properties(Object... pairs) {
        Map<String, Object> all = new HashMap<>();
        all.put("bootstrap.servers", options.get("bootstrap"));
        options.forEach((name, value) -> {
            if (name.startsWith("client.")) all.put(name.substring("client.".length()), value);
        });
        for (int index = 0; index < pairs.length; index += 2) all.put((String) pairs[index], pairs[index + 1]);
        return all;
    }

    Admin admin(Object... pairs) {
        return Admin.create(properties(pairs));
    }

    KafkaProducer<String, String> producer(Object... pairs) {
        return new KafkaProducer<>(properties(pairs), new StringSerializer(), new StringSerializer());
    }

    KafkaConsumer<String, String> consumer(Object... pairs) {
        Map<String, Object> all = properties(
            "auto.offset.reset", "earliest", "enable.auto.commit", "false", "fetch.max.wait.ms", "50");
        all.putAll(properties(pairs));
        if (!"consumer".equals(all.get("group.protocol"))) all.put("heartbeat.interval.ms", "250");
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    /** A new topic with a name of its own. */
    String topic(int partitions) throws Exception {
        return topic("java-" + UUID.randomUUID(), partitions);
    }

    String topic(String name, int partitions) throws Exception {
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all().get();
        }
        return name;
    }

    /** Lets members of a KIP-848 group send heartbeats twice a second, so that a change is not waited for. */
    void hurry(String group) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
        AlterConfigOp often =
            new AlterConfigOp(new ConfigEntry("consumer.heartbeat.interval.ms", "500"), AlterConfigOp.OpType.SET);
        try (Admin admin = admin()) {
            admin.incrementalAlterConfigs(Map.of(resource, List.of(often))).all().get();
        }
    }

    /** Values of one partition from its start to where it ends for this isolation level. */
    List<String> values(String topic, int partition, String isolation) {
        TopicPartition place = new TopicPartition(topic, partition);
        List<String> found = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer("isolation.level", isolation)) {
            consumer.assign(List.of(place));
            consumer.seekToBeginning(List.of(place));
            long end = consumer.endOffsets(List.of(place)).get(place);
            long deadline = deadline();
            while (consumer.position(place) < end) {
                if (System.nanoTime() > deadline) throw new IllegalStateException("stopped at " + found);
                for (ConsumerRecord<String, String> record : consumer.poll(POLL)) found.add(record.value());
            }
        }
        return found;
    }

    /** Sends values one after the other, each acknowledged, to partition 0 without keys. */
    static void send(KafkaProducer<String, String> producer, String topic, String... values) throws Exception {
        for (String value : values) producer.send(new ProducerRecord<>(topic, 0, null, value)).get();
    }

    /** The simple name of the error that this ends with, beneath what only wraps it; or "none". */
    static String error(Callable<?> action) {
        try {
            action.call();
            return "none";
        } catch (Exception thrown) {
            Throwable error = thrown;
            while (error.getCause() != null
                    && (error instanceof ExecutionException || error.getClass() == KafkaException.class)) {
                error = error.getCause();
            }
            System.err.println(error); // seen when the test fails
            return error.getClass().getSimpleName();
        }
    }

    /** Polls until this is true. */
    static void until(String what, Callable<Boolean> check) throws Exception {
        long deadline = deadline();
        while (!check.call()) {
            if (System.nanoTime() > deadline) throw new IllegalStateException("it never came to this: " + what);
            Thread.sleep(20);
        }
    }

    static long deadline() {
        return System.nanoTime() + PATIENCE.toNanos();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
