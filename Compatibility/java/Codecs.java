// Idempotent producers with each codec; keys, headers, times and null values come back as they went.
package compatibility;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;

public final class Codecs implements Scenario {
    private static final int RECORDS = 500;
    private static final long FIRST_TIME = 1_700_000_000_000L;

    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            String topic = client.topic(1);
            try (KafkaProducer<String, String> producer = client.producer("compression.type", codec)) {
                long last = -1;
                List<java.util.concurrent.Future<RecordMetadata>> sent = new ArrayList<>();
                for (int index = 0; index < RECORDS; index++) sent.add(producer.send(record(topic, index)));
                for (var each : sent) last = Math.max(last, each.get().offset());
                seen.put(codec, Map.of("last", last, "right", right(client, topic)));
            }
        }
        return seen;
    }

    private static ProducerRecord<String, String> record(String topic, int index) {
        String value = index % 10 == 0 ? null : "value-" + index + "-" + "x".repeat(index % 300);
        List<org.apache.kafka.common.header.Header> headers =
            List.of(new RecordHeader("index", Client.bytes("" + index)), new RecordHeader("nothing", (byte[]) null));
        return new ProducerRecord<>(topic, 0, FIRST_TIME + index, "key-" + index, value, headers);
    }

    /** How many records are what was sent, read in order. */
    private static int right(Client client, String topic) {
        TopicPartition place = new TopicPartition(topic, 0);
        int count = 0;
        try (KafkaConsumer<String, String> consumer = client.consumer()) {
            consumer.assign(List.of(place));
            long deadline = Client.deadline();
            while (count < RECORDS && System.nanoTime() < deadline) {
                for (ConsumerRecord<String, String> got : consumer.poll(Duration.ofMillis(200))) {
                    ProducerRecord<String, String> sent = record(topic, count);
                    boolean same = got.offset() == count && got.key().equals(sent.key())
                        && java.util.Objects.equals(got.value(), sent.value()) && got.timestamp() == sent.timestamp()
                        && got.headers().equals(sent.headers());
                    if (!same) throw new IllegalStateException("sent " + sent + ", got " + got);
                    count++;
                }
            }
        }
        return count;
    }
}
