// Runs DataStax's Java driver against a store and prints what it saw as one line of JSON.
package compatibility.cql;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.config.ProgrammaticDriverConfigLoaderBuilder;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Arguments: name=value pairs: host, port, protocol (V3 to V5 or none), compression, keyspace. */
public final class CqlMain {
    private CqlMain() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new LinkedHashMap<>();
        for (String argument : arguments) {
            String[] pair = argument.split("=", 2);
            options.put(pair[0], pair[1]);
        }
        Map<String, Object> seen = new LinkedHashMap<>();
        try (CqlSession session = session(options)) {
            seen.put("protocol", session.getContext().getProtocolVersion().toString());
            new CqlScenario(session, options.get("keyspace")).run(seen);
        }
        System.out.println(new ObjectMapper().writeValueAsString(seen));
        System.out.flush();
        System.exit(0);
    }

    private static CqlSession session(Map<String, String> options) {
        ProgrammaticDriverConfigLoaderBuilder config =
                DriverConfigLoader.programmaticBuilder()
                        .withStringList(DefaultDriverOption.METADATA_SCHEMA_REFRESHED_KEYSPACES, List.of())
                        .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(20))
                        .withDuration(DefaultDriverOption.CONNECTION_INIT_QUERY_TIMEOUT, Duration.ofSeconds(20));
        if (options.containsKey("protocol")) {
            config.withString(DefaultDriverOption.PROTOCOL_VERSION, options.get("protocol"));
        }
        if (options.containsKey("compression")) {
            config.withString(DefaultDriverOption.PROTOCOL_COMPRESSION, options.get("compression"));
        }
        return CqlSession.builder()
                .addContactPoint(new InetSocketAddress(options.get("host"), Integer.parseInt(options.get("port"))))
                .withLocalDatacenter("datacenter1")
                .withConfigLoader(config.build())
                .build();
    }
}
