// A consumer of a share group, which this broker does not serve: it is told so, and does not hang.
package compatibility;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

public final class Shares implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        String topic = client.topic(1);
        String[] error = {"none"};
        var consumer = new KafkaShareConsumer<>(
            client.properties("group.id", topic), new StringDeserializer(), new StringDeserializer());
        consumer.subscribe(List.of(topic));
        Client.until("a refusal", () -> {
            error[0] = Client.error(() -> consumer.poll(Duration.ofMillis(200)));
            return !error[0].equals("none");
        });
        consumer.close(Duration.ofSeconds(2));
        return Map.of("error", error[0]);
    }
}
