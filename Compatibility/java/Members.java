// Several consumers of one group, polled in turn by the one thread that owns them.
package compatibility;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;

/** Members by name. Each record they see is kept once for each time that it was seen. */
final class Members implements AutoCloseable {
    private final Client client;
    private final Object[] common;
    final Map<String, KafkaConsumer<String, String>> consumers = new LinkedHashMap<>();
    final Map<String, Integer> seen = new HashMap<>();
    /** What each member was told: "name assigned 2", "name revoked 1", in order, empty ones left out. */
    final List<String> told = new ArrayList<>();

    Members(Client client, Object... common) {
        this.client = client;
        this.common = common;
    }

    KafkaConsumer<String, String> make(String name, Object... pairs) {
        Object[] all = Arrays.copyOf(common, common.length + pairs.length);
        System.arraycopy(pairs, 0, all, common.length, pairs.length);
        KafkaConsumer<String, String> consumer = client.consumer(all);
        consumers.put(name, consumer);
        return consumer;
    }

    void join(String name, List<String> topics, Object... pairs) {
        make(name, pairs).subscribe(topics, listener(name));
    }

    void joinMatching(String name, String expression, Object... pairs) {
        make(name, pairs).subscribe(new SubscriptionPattern(expression), listener(name));
    }

    /** Stops a member, who tells the group so or stays in it. */
    void leave(String name, CloseOptions.GroupMembershipOperation operation) {
        consumers.remove(name).close(CloseOptions.groupMembershipOperation(operation));
    }

    void poll() {
        for (KafkaConsumer<String, String> consumer : consumers.values()) {
            for (ConsumerRecord<String, String> record : consumer.poll(java.time.Duration.ofMillis(10))) {
                seen.merge(record.value(), 1, Integer::sum);
            }
        }
    }

    /** Polls all members until this is true. */
    void until(String what, Callable<Boolean> check) throws Exception {
        try {
            Client.until(what, () -> {
                poll();
                return check.call();
            });
        } catch (IllegalStateException never) {
            throw new IllegalStateException(never.getMessage() + "; owned: " + owned() + ", told: " + told);
        }
    }

    /** Until the members own all these partitions, each once, and these many each (in any order). */
    void untilShared(int... sizes) throws Exception {
        int[] wanted = sizes.clone();
        Arrays.sort(wanted);
        until("shares of " + Arrays.toString(wanted), () -> {
            int[] have = consumers.values().stream().mapToInt(one -> one.assignment().size()).sorted().toArray();
            Set<TopicPartition> all = new java.util.HashSet<>();
            consumers.values().forEach(one -> all.addAll(one.assignment()));
            return Arrays.equals(have, wanted) && all.size() == Arrays.stream(wanted).sum();
        });
    }

    /** What each member owns: "topic-partition", sorted. */
    Map<String, Set<String>> owned() {
        Map<String, Set<String>> all = new LinkedHashMap<>();
        consumers.forEach((name, consumer) -> {
            Set<String> places = new TreeSet<>();
            consumer.assignment().forEach(place -> places.add(place.toString()));
            all.put(name, places);
        });
        return all;
    }

    private ConsumerRebalanceListener listener(String name) {
        return new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsAssigned(java.util.Collection<TopicPartition> places) {
                if (!places.isEmpty()) told.add(name + " assigned " + places.size());
            }

            @Override
            public void onPartitionsRevoked(java.util.Collection<TopicPartition> places) {
                if (places.isEmpty()) return;
                told.add(name + " revoked " + places.size());
                commit(name);
            }

            @Override
            public void onPartitionsLost(java.util.Collection<TopicPartition> places) {
                told.add(name + " lost " + places.size());
            }
        };
    }

    private void commit(String name) {
        KafkaConsumer<String, String> consumer = consumers.get(name);
        if (consumer != null) consumer.commitSync(); // else it closes
    }

    @Override
    public void close() {
        consumers.values().forEach(KafkaConsumer::close);
    }
}
