// Ways to log in: who gets in writes and reads a record, who does not is told why.
package compatibility;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;

/** Option logins: JSON, a name for each way and the properties of its clients. */
public final class Logins implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Map<String, String>> logins =
            new ObjectMapper().readValue(client.options.get("logins"), new TypeReference<>() {});
        Map<String, Object> seen = new LinkedHashMap<>();
        for (var login : logins.entrySet()) {
            Map<String, String> options = new LinkedHashMap<>();
            options.put("bootstrap", login.getValue().get("bootstrap.servers"));
            login.getValue().forEach((name, value) -> options.put("client." + name, value));
            seen.put(login.getKey(), seen(new Client(options)));
        }
        return seen;
    }

    private static Object seen(Client client) {
        String[] value = new String[1];
        String error = Client.error(() -> {
            try (Admin admin = client.admin("default.api.timeout.ms", "10000", "request.timeout.ms", "9000")) {
                admin.describeCluster().nodes().get();
            }
            String topic = client.topic(1);
            try (KafkaProducer<String, String> producer = client.producer()) {
                Client.send(producer, topic, "in");
            }
            value[0] = String.join(",", client.values(topic, 0, "read_committed"));
            return null;
        });
        return error.equals("none") ? value[0] : error;
    }
}
