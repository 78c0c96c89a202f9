// Confluent's Java serializers on the registry: Avro with an evolved schema, Protobuf, and what is refused.
package compatibility;

import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.schemaregistry.protobuf.ProtobufSchema;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import io.confluent.kafka.serializers.protobuf.KafkaProtobufDeserializer;
import io.confluent.kafka.serializers.protobuf.KafkaProtobufSerializer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Option registry: its URL. */
public final class Serializers implements Scenario {
    private static final String FIRST = """
        {"type": "record", "name": "Person", "namespace": "java", "fields": [{"name": "name", "type": "string"}]}""";
    private static final String SECOND = """
        {"type": "record", "name": "Person", "namespace": "java", "fields": [{"name": "name", "type": "string"},
         {"name": "age", "type": "int", "default": -1}]}""";
    private static final String THIRD = """
        {"type": "record", "name": "Person", "namespace": "java", "fields": [{"name": "name", "type": "int"}]}""";
    private static final String PROTOBUF = """
        syntax = "proto3";
        package java;
        import "google/protobuf/timestamp.proto";
        message Person { string name = 1; repeated int32 numbers = 2; google.protobuf.Timestamp born = 3; }
        """;

    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        String topic = client.topic(1);
        Schema first = new Schema.Parser().parse(FIRST), second = new Schema.Parser().parse(SECOND);
        send(client, topic, new KafkaAvroSerializer(), person(first, "Ada"));
        GenericRecord grown = person(second, "Bob");
        grown.put("age", 42);
        send(client, topic, new KafkaAvroSerializer(), grown);
        seen.put("avro", values(client, topic, new KafkaAvroDeserializer()));
        GenericRecord wrong = new GenericData.Record(new Schema.Parser().parse(THIRD));
        wrong.put("name", 1);
        seen.put("incompatible", Client.error(() -> {
            send(client, topic, new KafkaAvroSerializer(), wrong);
            return null;
        }));
        ProtobufSchema schema = new ProtobufSchema(PROTOBUF);
        DynamicMessage.Builder builder = schema.newMessageBuilder();
        var type = builder.getDescriptorForType();
        builder.setField(type.findFieldByName("name"), "Cleo");
        builder.addRepeatedField(type.findFieldByName("numbers"), 7);
        String other = client.topic(1);
        send(client, other, new KafkaProtobufSerializer<Message>(), builder.build());
        List<String> messages = values(client, other, new KafkaProtobufDeserializer<Message>());
        seen.put("protobuf", messages.stream().map(text -> text.replaceAll("\\s+", " ").trim()).toList());
        var registry = new CachedSchemaRegistryClient(client.options.get("registry"), 10);
        seen.put("versions", registry.getAllVersions(topic + "-value"));
        seen.put("compatible", registry.testCompatibility(topic + "-value",
            new io.confluent.kafka.schemaregistry.avro.AvroSchema(second)));
        seen.put("no subject", Client.error(() -> registry.getLatestSchemaMetadata("none" + topic)));
        return seen;
    }

    private static GenericRecord person(Schema schema, String name) {
        GenericRecord record = new GenericData.Record(schema);
        record.put("name", name);
        return record;
    }

    private static <V> void send(Client client, String topic, Serializer<V> serializer, V value) throws Exception {
        serializer.configure(Map.of("schema.registry.url", client.options.get("registry")), false);
        try (KafkaProducer<String, V> producer =
                new KafkaProducer<>(client.properties(), new StringSerializer(), serializer)) {
            producer.send(new ProducerRecord<>(topic, "key", value)).get();
        }
    }

    /** Values as text, from the topic's start to its end. */
    private static <V> List<String> values(Client client, String topic, Deserializer<V> deserializer) throws Exception {
        deserializer.configure(Map.of("schema.registry.url", client.options.get("registry")), false);
        List<String> found = new ArrayList<>();
        TopicPartition place = new TopicPartition(topic, 0);
        try (KafkaConsumer<String, V> consumer = new KafkaConsumer<>(
                client.properties("fetch.max.wait.ms", "50"), new StringDeserializer(), deserializer)) {
            consumer.assign(List.of(place));
            consumer.seekToBeginning(List.of(place));
            long end = consumer.endOffsets(List.of(place)).get(place);
            Client.until("all values", () -> {
                consumer.poll(Client.POLL).forEach(record -> found.add(record.value().toString()));
                return consumer.position(place) >= end;
            });
        }
        return found;
    }
}
