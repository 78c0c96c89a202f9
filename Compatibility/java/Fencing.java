// An older producer of the same transactional id, and one that the administrator fences, are refused.
package compatibility;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TerminateTransactionOptions;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;

public final class Fencing implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        String topic = client.topic(1);
        try (Admin admin = client.admin()) {
            seen.put("older", newer(client, topic));
            seen.put("fenced", fenced(client, admin, topic));
            seen.put("open", open(client, admin, topic));
            seen.put("ended", ended(client, admin, topic));
            seen.put("too long", Client.error(() -> {
                try (var producer = client.producer("transactional.id", "long", "transaction.timeout.ms", "900001")) {
                    producer.initTransactions();
                }
                return null;
            }));
        }
        seen.put("committed", client.values(topic, 0, "read_committed"));
        return seen;
    }

    /** What the older one is told by send and by commit when a newer one has come. */
    private static Object newer(Client client, String topic) throws Exception {
        try (KafkaProducer<String, String> older = client.producer("transactional.id", topic + "-1");
                KafkaProducer<String, String> newer = client.producer("transactional.id", topic + "-1")) {
            older.initTransactions();
            older.beginTransaction();
            Client.send(older, topic, "of the older");
            newer.initTransactions();
            String commit = Client.error(() -> {
                older.commitTransaction();
                return null;
            });
            newer.beginTransaction();
            Client.send(newer, topic, "of the newer");
            newer.commitTransaction();
            return Map.of("commit", commit);
        }
    }

    private static Object fenced(Client client, Admin admin, String topic) throws Exception {
        String name = topic + "-2";
        try (KafkaProducer<String, String> producer = client.producer("transactional.id", name)) {
            producer.initTransactions();
            producer.beginTransaction();
            Client.send(producer, topic, "of the fenced");
            admin.fenceProducers(List.of(name)).all().get();
            String send = Client.error(() -> {
                Client.send(producer, topic, "too late");
                return null;
            });
            return Map.of("send", send);
        }
    }

    /** What the lists tell of an open transaction, and that it can be ended by its id. */
    private static Object open(Client client, Admin admin, String topic) throws Exception {
        String name = topic + "-3";
        try (KafkaProducer<String, String> producer = client.producer("transactional.id", name)) {
            producer.initTransactions();
            producer.beginTransaction();
            Client.send(producer, topic, "open");
            List<String> ongoing = admin.listTransactions(
                    new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING))).all().get().stream()
                .map(TransactionListing::transactionalId).filter(id -> id.startsWith(topic)).toList();
            List<String> byName = admin.listTransactions(
                    new ListTransactionsOptions().filterOnTransactionalIdPattern(topic + "-[3]")).all().get().stream()
                .map(TransactionListing::transactionalId).toList();
            var described = admin.describeTransactions(List.of(name)).description(name).get();
            Object seen = Map.of("ongoing", ongoing, "by pattern", byName, "state", described.state().toString(),
                "partitions", described.topicPartitions().size(), "timeout", described.transactionTimeoutMs());
            admin.forceTerminateTransaction(name, new TerminateTransactionOptions()).result().get();
            return seen;
        }
    }

    /** An open transaction that the administrator aborts in its partition. */
    private static Object ended(Client client, Admin admin, String topic) throws Exception {
        TopicPartition place = new TopicPartition(topic, 0);
        try (KafkaProducer<String, String> producer = client.producer("transactional.id", topic + "-4")) {
            producer.initTransactions();
            producer.beginTransaction();
            Client.send(producer, topic, "hanging");
            ProducerState hanging = admin.describeProducers(List.of(place)).partitionResult(place).get()
                .activeProducers().stream().filter(state -> state.currentTransactionStartOffset().isPresent())
                .findFirst().orElseThrow();
            admin.abortTransaction(new AbortTransactionSpec(place, hanging.producerId(),
                (short) hanging.producerEpoch(), hanging.coordinatorEpoch().orElse(0))).all().get();
            return admin.describeProducers(List.of(place)).partitionResult(place).get().activeProducers().stream()
                .filter(state -> state.currentTransactionStartOffset().isPresent()).count();
        }
    }
}
