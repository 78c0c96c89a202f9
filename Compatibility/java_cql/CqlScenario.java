// What an application does with the Java driver: schema, prepared statements, paging, batches, conditions, types.
package compatibility.cql;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DefaultProtocolVersion;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchType;
import com.datastax.oss.driver.api.core.cql.ExecutionInfo;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.QueryTrace;
import com.datastax.oss.driver.api.core.cql.ResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.metadata.Node;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import com.datastax.oss.driver.api.core.servererrors.AlreadyExistsException;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import com.datastax.oss.driver.api.core.servererrors.SyntaxError;
import com.datastax.oss.driver.api.querybuilder.QueryBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** Each step leaves what it saw under its name. */
final class CqlScenario {
    private final CqlSession session;
    private final String keyspace;

    CqlScenario(CqlSession session, String keyspace) {
        this.session = session;
        this.keyspace = keyspace;
    }

    void run(Map<String, Object> seen) throws Exception {
        session.execute("DROP KEYSPACE IF EXISTS " + keyspace);
        session.execute("CREATE KEYSPACE " + keyspace
                + " WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
        seen.put("node", node());
        seen.put("schema", schema());
        seen.put("prepared", prepared());
        seen.put("paging", paging());
        seen.put("batches", batches());
        seen.put("conditions", conditions());
        seen.put("altered", altered());
        seen.put("errors", errors());
        seen.put("trace", trace());
        seen.put("types", new CqlTypes(session, keyspace).roundTrip());
        session.execute("DROP KEYSPACE " + keyspace);
        seen.put("dropped", session.getMetadata().getKeyspace(keyspace).isEmpty());
    }

    private Object node() {
        Node node = session.getMetadata().getNodes().values().iterator().next();
        return List.of(String.valueOf(node.getState()), node.getDatacenter(), String.valueOf(node.getCassandraVersion()),
                session.getMetadata().getTokenMap().map(map -> map.getTokenRanges().size()).orElse(0));
    }

    private Object schema() {
        session.execute("CREATE TYPE " + keyspace + ".address (street text, zip int)");
        session.execute("CREATE TABLE " + keyspace + ".people (id int, at timestamp, name text static,"
                + " home frozen<address>, tags set<text>, PRIMARY KEY (id, at)) WITH CLUSTERING ORDER BY (at DESC)"
                + " AND comment = 'people' AND default_time_to_live = 0");
        TableMetadata table = session.getMetadata().getKeyspace(keyspace).flatMap(found -> found.getTable("people"))
                .orElseThrow();
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("partition", table.getPartitionKey().get(0).getName().toString());
        shown.put("clustering", table.getClusteringColumns().values().toString());
        shown.put("columns", table.getColumns().size());
        shown.put("static", table.getColumn("name").orElseThrow().isStatic());
        shown.put("types", session.getMetadata().getKeyspace(keyspace).orElseThrow().getUserDefinedTypes().size());
        shown.put("virtual", session.getMetadata().getKeyspace("system_views").isPresent());
        return shown;
    }

    private Object prepared() {
        session.execute("CREATE TABLE " + keyspace + ".numbers (k int PRIMARY KEY, v text, w int)");
        PreparedStatement insert = session.prepare("INSERT INTO " + keyspace + ".numbers (k, v, w) VALUES (:k, :v, :w)");
        for (int number = 0; number < 100; number++) {
            session.execute(insert.boundStatementBuilder().setInt("k", number).setString("v", "n" + number).setToNull("w").build());
        }
        PreparedStatement select = session.prepare(
                QueryBuilder.selectFrom(keyspace, "numbers").all().whereColumn("k").isEqualTo(QueryBuilder.bindMarker())
                        .build());
        Row row = session.execute(select.bind(42)).one();
        return List.of(row.getString("v"), row.isNull("w"), insert.getPartitionKeyIndices().toString(),
                select.bind(42).getRoutingKey() == null ? "none" : "key");
    }

    private Object paging() throws Exception {
        int rows = 0;
        int pages = 1;
        CompletionStage<AsyncResultSet> next = session.executeAsync(
                SimpleStatement.newInstance("SELECT * FROM " + keyspace + ".numbers").setPageSize(7));
        while (true) {
            AsyncResultSet page = next.toCompletableFuture().get();
            for (Row row : page.currentPage()) {
                rows += row.getInt("k") >= 0 ? 1 : 0;
            }
            if (!page.hasMorePages()) {
                break;
            }
            pages++;
            next = page.fetchNextPage();
        }
        SimpleStatement first = SimpleStatement.newInstance("SELECT k FROM " + keyspace + ".numbers").setPageSize(60);
        ExecutionInfo info = session.execute(first).getExecutionInfo();
        ResultSet rest = session.execute(first.setPagingState(info.getSafePagingState()));
        return List.of(rows, pages > 14, rest.all().size());
    }

    private Object batches() {
        PreparedStatement insert = session.prepare("INSERT INTO " + keyspace + ".numbers (k, v) VALUES (?, ?)");
        BatchStatement batch = BatchStatement.newInstance(BatchType.LOGGED, insert.bind(1000, "a"), insert.bind(1001, "b"));
        session.execute(batch);
        session.execute(BatchStatement.newInstance(BatchType.UNLOGGED,
                SimpleStatement.newInstance("DELETE FROM " + keyspace + ".numbers WHERE k = 1000"), insert.bind(1002, "c")));
        session.execute("CREATE TABLE " + keyspace + ".counts (k int PRIMARY KEY, c counter)");
        session.execute(BatchStatement.newInstance(BatchType.COUNTER,
                SimpleStatement.newInstance("UPDATE " + keyspace + ".counts SET c = c + 5 WHERE k = 1"),
                SimpleStatement.newInstance("UPDATE " + keyspace + ".counts SET c = c - 2 WHERE k = 1")));
        long rows = session.execute("SELECT count(*) FROM " + keyspace + ".numbers WHERE k IN (1000, 1001, 1002)").one()
                .getLong(0);
        return List.of(rows, session.execute("SELECT c FROM " + keyspace + ".counts WHERE k = 1").one().getLong("c"));
    }

    private Object conditions() {
        PreparedStatement insert = session.prepare(
                "INSERT INTO " + keyspace + ".numbers (k, v) VALUES (?, ?) IF NOT EXISTS");
        List<Object> seen = new ArrayList<>();
        seen.add(session.execute(insert.bind(5000, "x")).wasApplied());
        ResultSet again = session.execute(insert.bind(5000, "y"));
        seen.add(again.wasApplied());
        seen.add(again.one().getString("v"));
        PreparedStatement update = session.prepare(
                "UPDATE " + keyspace + ".numbers SET v = ? WHERE k = ? IF v = ?");
        seen.add(session.execute(update.bind("z", 5000, "x")).wasApplied());
        return seen;
    }

    /** A prepared SELECT * after the table has got a column, which only protocol 5 can tell in its answer. */
    private Object altered() {
        PreparedStatement select = session.prepare("SELECT * FROM " + keyspace + ".numbers WHERE k = ?");
        session.execute(select.bind(42));
        session.execute("ALTER TABLE " + keyspace + ".numbers ADD a text");
        session.execute("INSERT INTO " + keyspace + ".numbers (k, a) VALUES (42, 'new')");
        Row row = session.execute(select.bind(42)).one();
        boolean tells = session.getContext().getProtocolVersion().getCode() >= DefaultProtocolVersion.V5.getCode();
        return List.of(row.getString("v"), tells ? row.getString("a") : "new", row.getColumnDefinitions().size() >= 3);
    }

    private Object errors() {
        List<String> seen = new ArrayList<>();
        for (String statement : List.of("SELEC", "SELECT nothing FROM " + keyspace + ".numbers",
                "CREATE TABLE " + keyspace + ".numbers (k int PRIMARY KEY)")) {
            try {
                session.execute(statement);
                seen.add("none");
            } catch (SyntaxError | InvalidQueryException | AlreadyExistsException error) {
                seen.add(error.getClass().getSimpleName());
            }
        }
        return seen;
    }

    private Object trace() {
        ExecutionInfo info = session.execute(
                SimpleStatement.newInstance("SELECT * FROM " + keyspace + ".numbers WHERE k = 1").setTracing(true))
                .getExecutionInfo();
        QueryTrace trace = info.getQueryTrace();
        return List.of(trace.getRequestType(), trace.getDurationMicros() > 0, trace.getEvents().isEmpty(),
                trace.getParameters().containsKey("query"));
    }
}
