// What the administrator's client does to topics, their settings, offsets and records.
package compatibility;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;

public final class AdminTopics implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        String name = "admin-" + Uuid.randomUuid();
        try (Admin admin = client.admin()) {
            seen.put("made", made(admin, name));
            seen.put("described", described(admin, name));
            seen.put("settings", settings(admin, name));
            seen.put("offsets", offsets(client, admin, name));
            seen.put("deleted", deleted(admin, name));
        }
        return seen;
    }

    private static Object made(Admin admin, String name) throws Exception {
        NewTopic topic = new NewTopic(name, Optional.of(3), Optional.empty()).configs(Map.of("retention.ms", "12345"));
        admin.createTopics(List.of(topic), new CreateTopicsOptions().validateOnly(true)).all().get();
        boolean before = admin.listTopics().names().get().contains(name);
        CreateTopicsResult result = admin.createTopics(List.of(topic));
        result.all().get();
        admin.createPartitions(Map.of(name, NewPartitions.increaseTo(5))).all().get();
        NewTopic assigned = new NewTopic(name + "-assigned", Map.of(0, List.of(1), 1, List.of(1)));
        admin.createTopics(List.of(assigned)).all().get();
        return Map.of("before", before, "partitions", result.numPartitions(name).get(),
            "replicas", result.replicationFactor(name).get(),
            "retention", result.config(name).get().get("retention.ms").value(),
            "again", Client.error(() -> admin.createTopics(List.of(topic)).all().get()),
            "bad name", Client.error(() -> admin.createTopics(List.of(new NewTopic("a b", 1, (short) 1))).all().get()),
            "three replicas",
            Client.error(() -> admin.createTopics(List.of(new NewTopic(name + "3", 1, (short) 3))).all().get()),
            "bad setting", Client.error(() -> admin.createTopics(
                List.of(new NewTopic(name + "4", 1, (short) 1).configs(Map.of("no.such", "1")))).all().get()),
            "fewer", Client.error(() -> admin.createPartitions(Map.of(name, NewPartitions.increaseTo(2))).all().get()));
    }

    private static Object described(Admin admin, String name) throws Exception {
        var options = new DescribeTopicsOptions().includeAuthorizedOperations(true).partitionSizeLimitPerResponse(2);
        TopicDescription byName = admin.describeTopics(List.of(name), options).allTopicNames().get().get(name);
        Uuid id = byName.topicId();
        TopicDescription byId =
            admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).allTopicIds().get().get(id);
        Uuid nobody = Uuid.randomUuid();
        return Map.of("partitions", byName.partitions().size(), "by id", byId.name().equals(name),
            "leaders", byName.partitions().stream().map(each -> each.leader().id()).distinct().toList(),
            "operations", byName.authorizedOperations() == null ? -1 : byName.authorizedOperations().size(),
            "unknown", Client.error(() -> admin.describeTopics(List.of("none" + name)).allTopicNames().get()),
            "unknown id", Client.error(
                () -> admin.describeTopics(TopicCollection.ofTopicIds(List.of(nobody))).allTopicIds().get()),
            "listed", admin.listTopics(new ListTopicsOptions().listInternal(true)).listings().get().stream()
                .anyMatch(each -> each.name().equals(name) && each.topicId().equals(id)));
    }

    private static Object settings(Admin admin, String name) throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, name);
        alter(admin, topic, "cleanup.policy", "compact", OpType.APPEND);
        alter(admin, topic, "cleanup.policy", "delete", OpType.SUBTRACT);
        alter(admin, topic, "max.message.bytes", "2000", OpType.SET);
        alter(admin, topic, "retention.ms", "", OpType.DELETE);
        Config config = admin.describeConfigs(List.of(topic)).all().get().get(topic);
        Map<String, String> own = new TreeMap<>();
        for (ConfigEntry entry : config.entries()) {
            if (entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG) own.put(entry.name(), entry.value());
        }
        alter(admin, topic, "cleanup.policy", "", OpType.DELETE);
        ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
        ConfigResource all = new ConfigResource(ConfigResource.Type.BROKER, "");
        alter(admin, all, "log.retention.ms", "99999000", OpType.SET);
        String everybody = admin.describeConfigs(List.of(topic)).all().get().get(topic).get("retention.ms").value();
        alter(admin, all, "log.retention.ms", "", OpType.DELETE);
        return Map.of("own", own, "from the broker", everybody,
            "broker", admin.describeConfigs(List.of(broker)).all().get().get(broker).entries().size() > 50,
            "listed", admin.listConfigResources().all().get().stream().map(ConfigResource::type).distinct().sorted()
                .map(Enum::name).toList(),
            "bad", Client.error(() -> {
                alter(admin, topic, "retention.ms", "soon", OpType.SET);
                return null;
            }));
    }

    private static void alter(
            Admin admin, ConfigResource what, String name, String value, OpType how) throws Exception {
        Collection<AlterConfigOp> one = List.of(new AlterConfigOp(new ConfigEntry(name, value), how));
        admin.incrementalAlterConfigs(Map.of(what, one)).all().get();
    }

    private static Object offsets(Client client, Admin admin, String name) throws Exception {
        TopicPartition place = new TopicPartition(name, 0);
        long now = System.currentTimeMillis();
        try (KafkaProducer<String, String> producer = client.producer()) {
            for (long time : new long[] {now - 3000, now, now - 2000, now - 1000}) {
                producer.send(new ProducerRecord<>(name, 0, time, "k", "v")).get();
            }
        }
        Map<String, Object> found = new LinkedHashMap<>();
        Map<String, OffsetSpec> specs = new LinkedHashMap<>();
        specs.put("earliest", OffsetSpec.earliest());
        specs.put("latest", OffsetSpec.latest());
        specs.put("by time", OffsetSpec.forTimestamp(now - 2500));
        specs.put("too late", OffsetSpec.forTimestamp(now + 5000));
        specs.put("max timestamp", OffsetSpec.maxTimestamp());
        specs.put("earliest local", OffsetSpec.earliestLocal());
        specs.put("latest tiered", OffsetSpec.latestTiered());
        specs.put("earliest pending upload", OffsetSpec.earliestPendingUpload());
        for (var each : specs.entrySet()) {
            try {
                var answer = admin.listOffsets(Map.of(place, each.getValue())).all().get();
                found.put(each.getKey(), answer.get(place).offset());
            } catch (Exception failed) {
                found.put(each.getKey(), failed.getCause().getClass().getSimpleName());
            }
        }
        found.put("low", admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(2))).all().get() == null
            ? admin.listOffsets(Map.of(place, OffsetSpec.earliest())).all().get().get(place).offset() : -1);
        found.put("beyond", Client.error(
            () -> admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(99))).all().get()));
        return found;
    }

    private static Object deleted(Admin admin, String name) throws Exception {
        Uuid id = admin.describeTopics(List.of(name)).allTopicNames().get().get(name).topicId();
        admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get();
        admin.deleteTopics(List.of(name + "-assigned")).all().get();
        return Map.of("again", Client.error(() -> admin.deleteTopics(List.of(name)).all().get()),
            "by id", Client.error(() -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get()));
    }
}
