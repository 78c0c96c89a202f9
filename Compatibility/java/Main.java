// Runs one scenario with the real Java client and prints what it saw as one line of JSON.
package compatibility;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;

/** Arguments: the scenario's class, then name=value pairs; bootstrap=host:port is always among them. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new LinkedHashMap<>();
        for (int index = 1; index < arguments.length; index++) {
            String[] pair = arguments[index].split("=", 2);
            options.put(pair[0], pair[1]);
        }
        Class<?> named = Class.forName("compatibility." + arguments[0]);
        Scenario scenario = (Scenario) named.getDeclaredConstructor().newInstance();
        Object seen = scenario.run(new Client(options));
        System.out.println(new ObjectMapper().writeValueAsString(seen));
        System.out.flush();
        System.exit(0); // a thread that a failed client left behind must not keep the test waiting
    }
}
