"""The Python cassandra-driver beyond the basics: profiles, paging from callbacks, tracing, warnings, what outlives a restart."""

import pathlib
import subprocess
import sys
import threading
import uuid

import pytest
from cassandra import ConsistencyLevel, InvalidRequest, ProtocolVersion, Unauthorized
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, ResponseFuture
from cassandra.policies import RoundRobinPolicy
from cassandra.protocol import PrepareMessage, SyntaxException
from cassandra.query import UNSET_VALUE, BatchStatement, SimpleStatement, dict_factory, tuple_factory
from conftest import start_stack

SIMPLE = "{'class': 'SimpleStrategy', 'replication_factor': 1}"


def connect(stack, version=5, **options):
    host, port = stack.cql
    profiles = {
        EXEC_PROFILE_DEFAULT: ExecutionProfile(load_balancing_policy=RoundRobinPolicy()),
        "dictionaries": ExecutionProfile(
            load_balancing_policy=RoundRobinPolicy(), row_factory=dict_factory, consistency_level=ConsistencyLevel.ONE),
        "serial": ExecutionProfile(
            load_balancing_policy=RoundRobinPolicy(), row_factory=tuple_factory,
            serial_consistency_level=ConsistencyLevel.LOCAL_SERIAL),
    }
    return Cluster([host], port=port, protocol_version=version, execution_profiles=profiles, **options)


@pytest.fixture(scope="module")
def store():
    started = start_stack("--only", "store")
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="module")
def session(store):
    cluster = connect(store)
    session = cluster.connect()
    session.execute(f"CREATE KEYSPACE drivers WITH replication = {SIMPLE}")
    session.execute("CREATE TABLE drivers.numbers (k int PRIMARY KEY, v text)")
    insert = session.prepare("INSERT INTO drivers.numbers (k, v) VALUES (?, ?)")
    for number in range(100):
        session.execute(insert, (number, f"n{number}"))
    yield session
    cluster.shutdown()


# Protocol 5 has no snappy.
COMPRESSIONS = [(3, False), (3, "lz4"), (3, "snappy"), (4, False), (4, "lz4"), (4, "snappy"), (5, False), (5, "lz4")]


@pytest.mark.parametrize("version,compression", COMPRESSIONS)
def test_every_protocol_with_every_compression(store, session, version, compression):
    cluster = connect(store, version, compression=compression)
    own = cluster.connect("drivers")
    assert own.execute("SELECT v FROM numbers WHERE k = 42").one().v == "n42"
    large = "abc" * 400_000
    own.execute("INSERT INTO numbers (k, v) VALUES (%s, %s)", (1000 + version, large))
    assert own.execute("SELECT v FROM numbers WHERE k = %s", (1000 + version,)).one().v == large
    own.execute("DELETE FROM numbers WHERE k = %s", (1000 + version,))
    connection = cluster.control_connection._connection
    assert (connection.compressor is not None) == bool(compression)
    cluster.shutdown()


def test_execution_profiles(session):
    assert session.execute("SELECT v FROM drivers.numbers WHERE k = 1", execution_profile="dictionaries").one() == {
        "v": "n1"}
    once = "INSERT INTO drivers.numbers (k, v) VALUES (1, 'x') IF NOT EXISTS"
    assert session.execute(once, execution_profile="serial").one() == (False, 1, "n1")


def test_pages_from_callbacks(session):
    future = session.execute_async(SimpleStatement("SELECT k FROM drivers.numbers", fetch_size=7))
    seen, done = [], threading.Event()

    def page(rows):
        seen.extend(row.k for row in rows)
        if future.has_more_pages:
            future.start_fetching_next_page()
        else:
            done.set()

    future.add_callbacks(page, lambda error: (seen.append(error), done.set()))
    assert done.wait(20)
    assert sorted(seen) == list(range(100))


def test_a_page_goes_on_elsewhere(store, session):
    first = session.execute(SimpleStatement("SELECT k FROM drivers.numbers", fetch_size=30))
    state = first.paging_state
    taken = [row.k for row in first.current_rows]
    other = connect(store, 4)
    rest = other.connect().execute(SimpleStatement("SELECT k FROM drivers.numbers", fetch_size=30), paging_state=state)
    assert sorted(taken + [row.k for row in rest]) == list(range(100))
    other.shutdown()


@pytest.mark.parametrize("statement, request_name", [
    ("SELECT * FROM drivers.numbers WHERE k = 1", "Execute CQL3 query"),
    ("INSERT INTO drivers.numbers (k, v) VALUES (1, 'n1')", "Execute CQL3 query"),
    (None, "Execute CQL3 prepared query"),
])
def test_traces(session, statement, request_name):
    if statement is None:
        prepared = session.prepare("SELECT * FROM drivers.numbers WHERE k = ?")
        result = session.execute(prepared, (7,), trace=True)
    else:
        result = session.execute(statement, trace=True)
    trace = result.get_query_trace(max_wait_sec=10)
    assert trace.request_type == request_name
    assert trace.client == "127.0.0.1"
    assert trace.duration.total_seconds() > 0
    assert trace.events
    assert trace.parameters["query"].endswith(
        statement or "SELECT * FROM drivers.numbers WHERE k = ?")
    if statement is None:
        assert trace.parameters["bound_var_0_k"] == "7"
    row = session.execute(
        "SELECT ttl(request) AS left FROM system_traces.sessions WHERE session_id = %s", (trace.trace_id,)).one()
    assert 0 < row.left <= 86_400


def test_unset_and_null_are_told_apart_in_a_trace(session):
    insert = session.prepare("INSERT INTO drivers.numbers (k, v) VALUES (?, ?)")
    for value, shown in ((UNSET_VALUE, "<unset>"), (None, "null"), ("it's", "'it''s'")):
        trace = session.execute(insert, (2000, value), trace=True).get_query_trace(max_wait_sec=10)
        assert trace.parameters["bound_var_1_v"] == shown
    session.execute("DELETE FROM drivers.numbers WHERE k = 2000")


def test_traces_can_be_truncated_and_made_up_rows_cannot(session):
    session.execute("SELECT * FROM drivers.numbers WHERE k = 1", trace=True).get_query_trace(max_wait_sec=10)
    session.execute("TRUNCATE system_traces.sessions")
    assert not list(session.execute("SELECT * FROM system_traces.sessions"))
    with pytest.raises(InvalidRequest, match="Truncation is not supported by table system_views.settings"):
        session.execute("TRUNCATE system_views.settings")
    with pytest.raises(InvalidRequest, match="Modification is not supported by table system_views.settings"):
        session.execute("INSERT INTO system_views.settings (name, value) VALUES ('a', 'b')")
    with pytest.raises(Unauthorized):
        session.execute("DROP TABLE system_traces.sessions")


def warnings(session, text):
    future = ResponseFuture(session, PrepareMessage(query=text), query=None, timeout=20)
    future.send_request()
    future.result()
    return future.warnings or []


def test_warns_once_of_use_with_prepared_statements(store, session):
    cluster = connect(store)
    own = cluster.connect()
    assert warnings(own, "SELECT v FROM drivers.numbers WHERE k = 3") == []
    own.execute("USE drivers")
    told = warnings(own, "SELECT v FROM numbers WHERE k = 3") + warnings(own, "SELECT v FROM numbers WHERE k = 3")
    assert len(told) == 1 and told[0].startswith("`USE <keyspace>` with prepared statements is considered to be")
    cluster.shutdown()


def test_cqlsh_shows_traces(store, session):
    host, port = store.cql
    program = pathlib.Path(sys.executable).with_name("cqlsh")
    done = subprocess.run(
        [sys.executable, str(program), host, str(port), "-e", "TRACING ON; SELECT v FROM drivers.numbers WHERE k = 1"],
        capture_output=True, text=True, timeout=60)
    assert "Tracing session: " in done.stdout, done.stdout + done.stderr
    assert "Executing single-partition query on numbers" in done.stdout


def test_custom_payloads_are_taken(session):
    assert session.execute("SELECT k FROM drivers.numbers WHERE k = 1", custom_payload={"a": b"1"}).one().k == 1


@pytest.mark.parametrize("version", [3, 4, 5])
def test_a_prepared_select_star_hears_of_new_columns(store, session, version):
    cluster = connect(store, version)
    own = cluster.connect()
    name = f"drivers.t{uuid.uuid4().hex[:10]}"
    own.execute(f"CREATE TABLE {name} (k int PRIMARY KEY)")
    select = own.prepare(f"SELECT * FROM {name} WHERE k = ?")
    other = connect(store, version)
    stale = other.connect().prepare(f"SELECT * FROM {name} WHERE k = ?")
    own.execute(f"ALTER TABLE {name} ADD v text")
    own.execute(f"INSERT INTO {name} (k, v) VALUES (1, 'new')")
    assert own.execute(select, (1,)).one().v == "new"
    # Who prepared it before, on another connection, decodes the columns that are there now.
    assert other.sessions.copy().pop().execute(stale, (1,)).one().v == "new"
    other.shutdown()
    cluster.shutdown()


def test_statements_survive_a_dropped_and_a_new_table(session):
    session.execute("CREATE TABLE drivers.again (k int PRIMARY KEY, v text)")
    insert = session.prepare("INSERT INTO drivers.again (k, v) VALUES (?, ?)")
    batch = session.prepare("BEGIN BATCH INSERT INTO drivers.again (k, v) VALUES (?, ?); APPLY BATCH")
    session.execute("DROP TABLE drivers.again")
    with pytest.raises(InvalidRequest):
        session.execute(insert, (1, "a"))
    session.execute("CREATE TABLE drivers.again (k int PRIMARY KEY, v text)")
    session.execute(insert, (1, "a"))
    session.execute(batch, (2, "b"))
    assert session.execute("SELECT count(*) FROM drivers.again").one()[0] == 2
    # Of another type as well, when it is prepared again.
    session.execute("DROP TABLE drivers.again")
    session.execute("CREATE TABLE drivers.again (k int PRIMARY KEY, v int)")
    session.execute(session.prepare("INSERT INTO drivers.again (k, v) VALUES (?, ?)"), (1, 5))
    assert session.execute("SELECT v FROM drivers.again").one().v == 5


def test_clients_and_settings_are_shown(session):
    clients = list(session.execute("SELECT * FROM system_views.clients"))
    assert clients and all(client.address == "127.0.0.1" for client in clients)
    assert {"Apache Cassandra Python Driver"} == {client.driver_name for client in clients}
    assert all(client.client_options["DRIVER_NAME"] == client.driver_name for client in clients)
    assert max(client.request_count for client in clients) > 10
    settings = {row.name: row.value for row in session.execute("SELECT * FROM system_views.settings")}
    assert settings["partitioner"].endswith("Murmur3Partitioner")
    tables = {(row.keyspace_name, row.table_name) for row in session.execute("SELECT * FROM system_virtual_schema.tables")}
    for table in ("caches", "clients", "thread_pools", "local_read_latency", "sstable_tasks", "system_properties",
                  "disk_usage"):
        assert ("system_views", table) in tables
        session.execute(f"SELECT * FROM system_views.{table}")


def test_sizes_are_estimated(session):
    session.execute("CREATE TABLE IF NOT EXISTS drivers.sized (k int PRIMARY KEY)")
    insert = session.prepare("INSERT INTO drivers.sized (k) VALUES (?)")
    for number in range(1000):
        session.execute(insert, (number,))
    rows = list(session.execute(
        "SELECT partitions_count FROM system.size_estimates WHERE keyspace_name = 'drivers' AND table_name = 'sized'"))
    assert len(rows) == 16
    assert sum(row.partitions_count for row in rows) == 1000


def test_errors_carry_what_they_should(session):
    with pytest.raises(SyntaxException):
        session.execute("SELEC")
    with pytest.raises(InvalidRequest, match="ANY ConsistencyLevel is only supported for writes"):
        session.execute(SimpleStatement("SELECT k FROM drivers.numbers", consistency_level=ConsistencyLevel.ANY))
    batch = BatchStatement(consistency_level=ConsistencyLevel.SERIAL)
    batch.add("INSERT INTO drivers.numbers (k) VALUES (1)")
    with pytest.raises(InvalidRequest):
        session.execute(batch)


def test_prepared_statements_and_pages_survive_a_restart(tmp_path):
    stack = start_stack("--only", "store", data=tmp_path)
    cluster = connect(stack, ProtocolVersion.V4)
    session = cluster.connect()
    session.execute(f"CREATE KEYSPACE kept WITH replication = {SIMPLE}")
    session.execute("CREATE TABLE kept.t (k int PRIMARY KEY, v int)")
    insert = session.prepare("INSERT INTO kept.t (k, v) VALUES (?, ?)")
    for number in range(20):
        session.execute(insert, (number, number))
    page = session.execute(SimpleStatement("SELECT k FROM kept.t", fetch_size=8))
    state, taken = page.paging_state, [row.k for row in page.current_rows]
    cluster.shutdown()
    assert stack.stop() == 0
    stack = start_stack("--only", "store", data=tmp_path)
    cluster = connect(stack, ProtocolVersion.V4)
    session = cluster.connect()
    kept = {row.query_string: row.prepared_id for row in session.execute("SELECT * FROM system.prepared_statements")}
    assert kept["INSERT INTO kept.t (k, v) VALUES (?, ?)"] == insert.query_id
    session.execute(insert, (20, 20))
    rest = session.execute(SimpleStatement("SELECT k FROM kept.t", fetch_size=8), paging_state=state)
    assert sorted(set(taken + [row.k for row in rest]) - {20}) == list(range(20))
    cluster.shutdown()
    assert stack.stop() == 0
