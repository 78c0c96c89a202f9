// Subscriptions by regular expression: the broker's (KIP-848, RE2) and the client's own.
package compatibility;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;

public final class Expressions implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        String prefix = "re-" + UUID.randomUUID();
        client.topic(prefix + "-apple", 2);
        client.topic(prefix + "-other", 1);
        Object[] quickly = {"metadata.max.age.ms", "300", "group.id", prefix};
        try (Members members = new Members(client, quickly);
                KafkaProducer<String, String> producer = client.producer()) {
            client.hurry(prefix);
            members.joinMatching("server", prefix + "-a.+", "group.protocol", "consumer");
            members.untilShared(2);
            client.topic(prefix + "-avocado", 2);
            members.untilShared(4);
            Client.send(producer, prefix + "-avocado", "ripe");
            members.until("the record", () -> members.seen.containsKey("ripe"));
            seen.put("server", members.owned().get("server").size());
            seen.put("invalid", Client.error(() -> {
                try (Members wrong = new Members(client, "group.id", prefix + "-wrong")) {
                    wrong.joinMatching("wrong", "(", "group.protocol", "consumer");
                    wrong.until("never", () -> false);
                }
                return null;
            }));
        }
        for (String protocol : new String[] {"classic", "consumer"}) {
            try (Members members = new Members(client, quickly)) {
                members.make("own", "group.protocol", protocol, "group.id", prefix + protocol)
                    .subscribe(Pattern.compile(prefix + "-a.+"));
                members.untilShared(4);
                seen.put(protocol, members.owned().get("own").size());
            }
        }
        return seen;
    }
}
