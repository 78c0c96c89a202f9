"""The CQL store as an unmodified cassandra-driver sees it, at every protocol version."""

import socket
import struct
import time
import uuid

import pytest
from cassandra import AlreadyExists, InvalidRequest, Unauthorized
from cassandra.auth import PlainTextAuthProvider
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.protocol import ConfigurationException, ProtocolException, SyntaxException
from cassandra.query import BatchStatement, BatchType, SimpleStatement, UNSET_VALUE
from cql_tools import SIMPLE, connect, session, table, wide  # noqa: F401 (three are fixtures)

# --- connecting


@pytest.mark.parametrize("version", [3, 4, 5, None])
@pytest.mark.parametrize("compression", [True, False])
def test_connects_at_every_version(stack, version, compression):
    options = {"protocol_version": version} if version else {}
    cluster = connect(stack, compression=compression, **options)
    session = cluster.connect()
    try:
        row = session.execute("SELECT release_version, cql_version FROM system.local").one()
        assert row.release_version.startswith("5.0.")
        assert cluster.protocol_version == (version or 5)
        assert len(cluster.metadata.token_map.ring) > 0
        assert [host.is_up for host in cluster.metadata.all_hosts()] == [True]
        # Larger than one segment, both ways.
        text = "ü" * 300_000
        session.execute("DROP KEYSPACE IF EXISTS large")
        session.execute(f"CREATE KEYSPACE large WITH replication = {SIMPLE}")
        session.execute("CREATE TABLE large.t (k int PRIMARY KEY, v text)")
        session.execute("INSERT INTO large.t (k, v) VALUES (%s, %s)", (1, text))
        assert session.execute("SELECT v FROM large.t WHERE k = 1").one().v == text
        session.execute("DROP KEYSPACE large")
    finally:
        cluster.shutdown()


def test_accepts_credentials_it_does_not_ask_for(stack):
    cluster = connect(stack, auth_provider=PlainTextAuthProvider("cassandra", "cassandra"))
    assert cluster.connect().execute("SELECT key FROM system.local").one().key == "local"
    cluster.shutdown()


def exchange(stack, sent):
    with socket.create_connection(stack.cql, timeout=10) as client:
        client.sendall(sent)
        received = b""
        while True:
            part = client.recv(65536)
            if not part:
                return received
            received += part


@pytest.mark.parametrize("version", [0x42, 0x41, 6, 2, 1, 0x7F])
def test_refuses_unknown_versions_cleanly(stack, version):
    header = struct.pack(">BBbB", version, 0, 7, 5) if version <= 2 else struct.pack(
        ">BBhB", version, 0, 7, 5
    )
    answer = exchange(stack, header + struct.pack(">i", 0))
    assert answer[0] == 0x85 and answer[4] == 0
    assert struct.unpack(">h", answer[2:4])[0] == 7
    assert struct.unpack(">i", answer[9:13])[0] == 0x000A
    assert f"Invalid or unsupported protocol version ({version})".encode() in answer


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        struct.pack(">BBhBi", 4, 0, 1, 7, 0x7FFFFFFF),
        struct.pack(">BBhBi", 5, 0, 1, 1, -5),
        struct.pack(">BBhBi", 4, 0, 1, 1, 4) + b"\xff\xff\xff\xff",
        struct.pack(">BBhBi", 4, 0, 1, 0x33, 0),
    ],
)
def test_survives_garbage(stack, session, garbage):
    exchange(stack, garbage)
    assert session.execute("SELECT key FROM system.local").one().key == "local"


# --- schema


def test_schema_reaches_the_driver(session, table):
    name = table(
        "a int, b text, c timestamp, s int static, v map<text, frozen<list<int>>>,"
        " PRIMARY KEY ((a, b), c)",
        "WITH CLUSTERING ORDER BY (c DESC) AND comment = 'it''s' AND gc_grace_seconds = 5"
        " AND compaction = {'class': 'LeveledCompactionStrategy'}",
    )
    meta = session.cluster.metadata.keyspaces["compat"].tables[name]
    assert [c.name for c in meta.partition_key] == ["a", "b"]
    assert [c.name for c in meta.clustering_key] == ["c"]
    assert meta.clustering_key[0].is_reversed
    assert meta.columns["s"].is_static
    assert meta.columns["v"].cql_type == "map<text, frozen<list<int>>>"
    assert meta.options["comment"] == "it's"
    assert meta.options["gc_grace_seconds"] == 5
    assert "LeveledCompactionStrategy" in meta.options["compaction"]["class"]
    session.execute(f"ALTER TABLE {name} ADD extra inet")
    meta = session.cluster.metadata.keyspaces["compat"].tables[name]
    assert meta.columns["extra"].cql_type == "inet"
    session.execute(f"ALTER TABLE {name} DROP extra")
    assert "extra" not in session.cluster.metadata.keyspaces["compat"].tables[name].columns


def test_schema_errors_are_of_cassandras_class(session, table):
    name = table("k int PRIMARY KEY, v int")
    with pytest.raises(AlreadyExists):
        session.execute(f"CREATE TABLE {name} (k int PRIMARY KEY)")
    with pytest.raises(AlreadyExists):
        session.execute(f"CREATE KEYSPACE compat WITH replication = {SIMPLE}")
    session.execute(f"CREATE TABLE IF NOT EXISTS {name} (k int PRIMARY KEY)")
    for statement, error in [
        ("CREATE KEYSPACE x WITH replication = {'class': 'Nothing'}", ConfigurationException),
        ("CREATE KEYSPACE x", SyntaxException),
        ("CREATE TABLE x (k int)", InvalidRequest),
        ("CREATE TABLE x (k nothing PRIMARY KEY)", InvalidRequest),
        ("CREATE TABLE x (k int PRIMARY KEY) WITH nothing = 1", SyntaxException),
        ("SELEC 1", SyntaxException),
        ("SELECT * FROM nothing", InvalidRequest),
        (f"SELECT nothing FROM {name}", InvalidRequest),
        (f"SELECT * FROM {name} WHERE v = 1", InvalidRequest),
        (f"INSERT INTO {name} (k, v) VALUES (1, 'a')", InvalidRequest),
        (f"INSERT INTO {name} (v) VALUES (1)", InvalidRequest),
        ("INSERT INTO system.local (key) VALUES ('x')", Unauthorized),
        ("DROP KEYSPACE system", Unauthorized),
        ("CREATE INDEX ON nothing (x)", InvalidRequest),
    ]:
        with pytest.raises(error):
            session.execute(statement)


def test_a_dropped_column_does_not_come_back(session, table):
    name = table("k int PRIMARY KEY, v int")
    session.execute(f"INSERT INTO {name} (k, v) VALUES (1, 2)")
    session.execute(f"ALTER TABLE {name} DROP v")
    session.execute(f"ALTER TABLE {name} ADD v int")
    assert session.execute(f"SELECT v FROM {name}").one().v is None


def test_truncate(session, table):
    name = table("k int PRIMARY KEY, v int")
    prepared = session.prepare(f"INSERT INTO {name} (k, v) VALUES (?, ?)")
    session.execute(prepared, (1, 1))
    session.execute(f"TRUNCATE {name}")
    assert session.execute(f"SELECT count(*) FROM {name}").one().count == 0
    session.execute(prepared, (2, 2))
    assert [row.k for row in session.execute(f"SELECT k FROM {name}")] == [2]


# --- writing


def test_upsert_null_unset_and_row_marker(session, table):
    name = table("k int PRIMARY KEY, a int, b int")
    insert = session.prepare(f"INSERT INTO {name} (k, a, b) VALUES (?, ?, ?)")
    session.execute(insert, (1, 1, 1))
    session.execute(insert, (1, UNSET_VALUE, None))
    assert session.execute(f"SELECT * FROM {name}").one() == (1, 1, None)
    # A row that INSERT made outlives its cells, one that UPDATE made does not.
    session.execute(f"UPDATE {name} SET a = null WHERE k = 1")
    assert session.execute(f"SELECT * FROM {name}").one() == (1, None, None)
    session.execute(f"UPDATE {name} SET a = 1 WHERE k = 2")
    session.execute(f"UPDATE {name} SET a = null WHERE k = 2")
    assert session.execute(f"SELECT * FROM {name} WHERE k = 2").one() is None
    session.execute(f"DELETE FROM {name} WHERE k = 1")
    assert session.execute(f"SELECT * FROM {name} WHERE k = 1").one() is None


def test_timestamps_decide(session, table):
    name = table("k int PRIMARY KEY, v int")
    session.execute(f"INSERT INTO {name} (k, v) VALUES (1, 10) USING TIMESTAMP 1000")
    session.execute(f"INSERT INTO {name} (k, v) VALUES (1, 5) USING TIMESTAMP 999")
    row = session.execute(f"SELECT v, writetime(v) AS w FROM {name}").one()
    assert (row.v, row.w) == (10, 1000)
    session.execute(f"INSERT INTO {name} (k, v) VALUES (1, 11) USING TIMESTAMP 1000")
    assert session.execute(f"SELECT v FROM {name}").one().v == 11
    session.execute(f"DELETE v FROM {name} USING TIMESTAMP 1000 WHERE k = 1")
    assert session.execute(f"SELECT v FROM {name}").one().v is None
    session.execute(f"DELETE FROM {name} USING TIMESTAMP 5000 WHERE k = 1")
    session.execute(f"INSERT INTO {name} (k, v) VALUES (1, 1) USING TIMESTAMP 4000")
    assert session.execute(f"SELECT v FROM {name}").one() is None
    session.execute(f"INSERT INTO {name} (k, v) VALUES (1, 2) USING TIMESTAMP 5001")
    assert session.execute(f"SELECT v FROM {name}").one().v == 2


def test_time_to_live(session, table):
    name = table("k int PRIMARY KEY, a int, b int")
    session.execute(f"INSERT INTO {name} (k, a) VALUES (1, 1) USING TTL 100")
    assert 95 <= session.execute(f"SELECT ttl(a) AS t FROM {name}").one().t <= 100
    session.execute(f"UPDATE {name} USING TTL 1 SET b = 2 WHERE k = 1")
    session.execute(f"INSERT INTO {name} (k, a) VALUES (2, 1) USING TTL 1")
    time.sleep(2.1)
    assert [tuple(row) for row in session.execute(f"SELECT * FROM {name}")] == [(1, 1, None)]
    short = table("k int PRIMARY KEY, a int", "WITH default_time_to_live = 1")
    session.execute(f"INSERT INTO {short} (k, a) VALUES (1, 1)")
    session.execute(f"INSERT INTO {short} (k, a) VALUES (2, 1) USING TTL 0")
    time.sleep(2.1)
    assert [row.k for row in session.execute(f"SELECT k FROM {short}")] == [2]


def test_collections(session, table):
    name = table("k int PRIMARY KEY, l list<int>, s set<int>, m map<text, int>")
    session.execute(f"INSERT INTO {name} (k, l, s, m) VALUES (1, [1, 2, 3], {{3, -1}}, {{'a': 1}})")
    for change in [
        "l = l + [4]", "l = [0] + l", "s = s + {-5}", "m = m + {'b': 2}", "m['c'] = 3",
        "l[1] = 99", "l = l - [3]", "s = s - {3}", "m = m - {'a'}",
    ]:
        session.execute(f"UPDATE {name} SET {change} WHERE k = 1")
    session.execute(f"DELETE l[0], m['b'] FROM {name} WHERE k = 1")
    row = session.execute(f"SELECT l, s, m FROM {name}").one()
    assert (row.l, list(row.s), dict(row.m)) == ([99, 2, 4], [-5, -1], {"c": 3})
    session.execute(f"UPDATE {name} SET l = [7], s = {{}}, m = null WHERE k = 1")
    assert tuple(session.execute(f"SELECT l, s, m FROM {name}").one()) == ([7], None, None)


def test_counters(session, table):
    name = table("k int PRIMARY KEY, c counter")
    update = session.prepare(f"UPDATE {name} SET c = c + ? WHERE k = 1")
    execute_concurrent_with_args(session, update, [(i,) for i in range(200)])
    session.execute(f"UPDATE {name} SET c = c - 100 WHERE k = 1")
    assert session.execute(f"SELECT c FROM {name}").one().c == sum(range(200)) - 100
    with pytest.raises(InvalidRequest):
        session.execute(f"INSERT INTO {name} (k, c) VALUES (1, 1)")


def test_batches(session, table):
    name = table("k int, c int, v int, PRIMARY KEY (k, c)")
    insert = session.prepare(f"INSERT INTO {name} (k, c, v) VALUES (?, ?, ?)")
    batch = BatchStatement(batch_type=BatchType.UNLOGGED)
    for index in range(50):
        batch.add(insert, (1, index, index))
    batch.add(SimpleStatement(f"INSERT INTO {name} (k, c, v) VALUES (%s, 1, 1)"), (2,))
    session.execute(batch)
    session.execute(
        f"BEGIN BATCH USING TIMESTAMP 5 INSERT INTO {name} (k, c, v) VALUES (3, 1, 1);"
        f" DELETE FROM {name} WHERE k = 2; APPLY BATCH"
    )
    counts = {k: 0 for k in (1, 2, 3)}
    for row in session.execute(f"SELECT k FROM {name}"):
        counts[row.k] += 1
    assert counts == {1: 50, 2: 1, 3: 1}  # the deletion is older than what it deletes
    session.execute("BEGIN BATCH APPLY BATCH")
    # All or nothing: the second statement is wrong.
    wrong = BatchStatement()
    wrong.add(insert, (9, 1, 1))
    wrong.add(SimpleStatement(f"INSERT INTO {name} (k, c, v) VALUES (9, 'x', 1)"))
    with pytest.raises(InvalidRequest):
        session.execute(wrong)
    assert not list(session.execute(f"SELECT * FROM {name} WHERE k = 9"))


def test_deletes_of_all_sizes(session, table):
    name = table("k int, a int, b int, s int static, v int, PRIMARY KEY (k, a, b)")
    insert = session.prepare(f"INSERT INTO {name} (k, a, b, v) VALUES (?, ?, ?, 0)")
    rows = [(k, a, b) for k in range(3) for a in range(4) for b in range(4)]
    execute_concurrent_with_args(session, insert, rows)
    session.execute(f"UPDATE {name} SET s = 1 WHERE k = 0")
    session.execute(f"DELETE FROM {name} WHERE k = 0 AND a = 1 AND b = 2")
    session.execute(f"DELETE FROM {name} WHERE k = 0 AND a = 2")
    session.execute(f"DELETE FROM {name} WHERE k = 0 AND a = 3 AND b > 1")
    session.execute(f"DELETE FROM {name} WHERE k = 1 AND a >= 1 AND a < 3")
    session.execute(f"DELETE FROM {name} WHERE k = 2")
    left = {
        (k, a, b) for k, a, b in rows
        if not (k, a, b) == (0, 1, 2) and not (k == 0 and a == 2)
        and not (k == 0 and a == 3 and b > 1) and not (k == 1 and 1 <= a < 3) and k != 2
    }
    assert {(r.k, r.a, r.b) for r in session.execute(f"SELECT k, a, b FROM {name}")} == left
    session.execute(f"DELETE FROM {name} WHERE k = 0 AND a >= 0")
    row = session.execute(f"SELECT k, a, s FROM {name} WHERE k = 0").one()
    assert tuple(row) == (0, None, 1)  # only the static column is left
    session.execute(f"DELETE FROM {name} WHERE k = 0")
    assert session.execute(f"SELECT * FROM {name} WHERE k = 0").one() is None


def test_conditional_writes(session, table):
    name = table("k int, c int, v int, s int static, PRIMARY KEY (k, c)")
    first = session.execute(f"INSERT INTO {name} (k, c, v) VALUES (1, 1, 1) IF NOT EXISTS").one()
    assert first.applied
    again = session.execute(f"INSERT INTO {name} (k, c, v) VALUES (1, 1, 2) IF NOT EXISTS").one()
    assert (again.applied, again.k, again.c, again.v) == (False, 1, 1, 1)
    wrong = session.execute(f"UPDATE {name} SET v = 5 WHERE k = 1 AND c = 1 IF v = 3").one()
    assert (wrong.applied, wrong.v) == (False, 1)
    assert session.execute(f"UPDATE {name} SET v = 5 WHERE k = 1 AND c = 1 IF v IN (1, 2)").one().applied
    assert not session.execute(f"UPDATE {name} SET v = 5 WHERE k = 1 AND c = 9 IF EXISTS").one().applied
    assert not session.execute(f"DELETE FROM {name} WHERE k = 1 AND c = 1 IF v > 5").one().applied
    batch = session.execute(
        f"BEGIN BATCH UPDATE {name} SET s = 1 WHERE k = 1 IF s = null;"
        f" INSERT INTO {name} (k, c, v) VALUES (1, 2, 2); APPLY BATCH"
    ).one()
    assert batch.applied
    assert [tuple(r) for r in session.execute(f"SELECT c, v, s FROM {name}")] == [(1, 5, 1), (2, 2, 1)]
    # What was decided wins even over a write from the future.
    session.execute(f"INSERT INTO {name} (k, c, v) VALUES (7, 1, 1) USING TIMESTAMP 99999999999999999")
    assert session.execute(f"UPDATE {name} SET v = 2 WHERE k = 7 AND c = 1 IF v = 1").one().applied
    assert session.execute(f"SELECT v FROM {name} WHERE k = 7 AND c = 1").one().v == 2


# --- reading


@pytest.mark.parametrize("size", [1, 2, 7, 39, 40, 41, 1000])
def test_pages_of_any_size_give_the_same(session, wide, size):
    for query in [
        f"SELECT k, c, v, s FROM {wide}",
        f"SELECT k, c FROM {wide} WHERE k = 3",
        f"SELECT k, c FROM {wide} WHERE k = 3 ORDER BY c DESC",
        f"SELECT k, c FROM {wide} WHERE k IN (1, 5, 2) AND c > 10 AND c <= 30",
        f"SELECT k, c FROM {wide} WHERE k = 2 AND c IN (7, 3, 39, 99)",
        f"SELECT k, c FROM {wide} LIMIT 50",
        f"SELECT k, c FROM {wide} PER PARTITION LIMIT 3",
        f"SELECT DISTINCT k, s FROM {wide}",
        f"SELECT k, c FROM {wide} WHERE v > 3000 ALLOW FILTERING",
        f"SELECT k, c FROM {wide} WHERE token(k) > -4000000000000000000 AND token(k) <= 5000000000000000000",
        "SELECT table_name, column_name FROM system_schema.columns",
    ]:
        whole = list(session.execute(SimpleStatement(query, fetch_size=None)))
        assert list(session.execute(SimpleStatement(query, fetch_size=size))) == whole, query
        assert whole


def test_a_paging_state_works_on_another_connection(stack, session, wide):
    query = SimpleStatement(f"SELECT k, c FROM {wide}", fetch_size=50)
    whole = list(session.execute(query))
    page = session.execute(query)
    seen = list(page.current_rows)
    cluster = connect(stack)
    seen += list(cluster.connect("compat").execute(query, paging_state=page.paging_state))
    cluster.shutdown()
    assert seen == whole
    for junk in [b"x", page.paging_state[:-1], page.paging_state[:-1] + b"\x00"]:
        cluster = connect(stack)
        other = cluster.connect("compat")
        # A protocol error, upon which this driver gives the connection up.
        with pytest.raises(ProtocolException, match="Invalid value for the paging state"):
            other.execute(query, paging_state=junk)
        cluster.shutdown()


def test_selecting(session, wide):
    one = lambda text: session.execute(text).one()
    assert one(f"SELECT count(*) FROM {wide}").count == 281
    row = one(f"SELECT count(v) AS n, min(v) AS a, max(v) AS b, sum(v) AS s, avg(v) AS m FROM {wide} WHERE k = 1")
    assert tuple(row) == (40, 1000, 1039, sum(range(1000, 1040)), 1019)
    assert one(f"SELECT v AS other FROM {wide} WHERE k = 1 AND c = 2").other == 1002
    assert one(f"SELECT cast(v AS text) AS t FROM {wide} WHERE k = 1 AND c = 2").t == "1002"
    assert one(f"SELECT s, c FROM {wide} WHERE k = 100") == ("alone", None)
    rows = session.execute(f"SELECT c FROM {wide} WHERE k = 1 AND (c) > (37)")
    assert [row.c for row in rows] == [38, 39]
    with pytest.raises(InvalidRequest):
        session.execute(f"SELECT * FROM {wide} WHERE c = 1")
    assert len(list(session.execute(f"SELECT * FROM {wide} WHERE c = 1 ALLOW FILTERING"))) == 7
    statement = SimpleStatement(f"SELECT k, c FROM {wide} WHERE k IN (2, 1) ORDER BY c DESC LIMIT 4", fetch_size=None)
    assert [row.c for row in session.execute(statement)] == [39, 39, 38, 38]
    with pytest.raises(InvalidRequest):
        session.execute(f"SELECT * FROM {wide} WHERE k IN (2, 1) ORDER BY c DESC")


def test_the_driver_computes_the_same_tokens(session, wide):
    from cassandra.metadata import Murmur3Token

    for row in session.execute(f"SELECT DISTINCT k, token(k) AS t FROM {wide}"):
        assert Murmur3Token.from_key(struct.pack(">i", row.k)).value == row.t
    insert = session.prepare(f"INSERT INTO {wide} (c, k, v) VALUES (?, ?, ?)")
    assert insert.routing_key_indexes == [1]


def test_named_markers_and_missing_values(session, table):
    name = table("k int PRIMARY KEY, a int, b int")
    insert = session.prepare(f"INSERT INTO {name} (k, a, b) VALUES (:k, :a, :b)")
    session.execute(insert, {"b": 3, "k": 1})
    assert session.execute(f"SELECT * FROM {name}").one() == (1, None, 3)
    with pytest.raises((InvalidRequest, ValueError, KeyError)):
        session.execute(insert.bind((None, 1, 1)))


def test_prepared_statements_follow_the_schema(stack, session, table):
    name = table("k int PRIMARY KEY, a int")
    cluster = connect(stack, protocol_version=5)
    other = cluster.connect("compat")
    select = other.prepare(f"SELECT * FROM {name}")
    session.execute(f"INSERT INTO {name} (k, a) VALUES (1, 1)")
    assert other.execute(select).one() == (1, 1)
    session.execute(f"ALTER TABLE {name} ADD b text")
    session.execute(f"UPDATE {name} SET b = 'new' WHERE k = 1")
    assert other.execute(select).one() == (1, 1, "new")
    cluster.shutdown()


def test_many_at_once(session, table):
    name = table("k uuid PRIMARY KEY, v text")
    insert = session.prepare(f"INSERT INTO {name} (k, v) VALUES (?, ?)")
    people = [(uuid.uuid4(), f"name {i}") for i in range(3000)]
    results = execute_concurrent_with_args(session, insert, people, concurrency=200)
    assert all(success for success, _ in results)
    select = session.prepare(f"SELECT v FROM {name} WHERE k = ?")
    results = execute_concurrent_with_args(session, select, [(k,) for k, _ in people], concurrency=200)
    assert [result.one().v for _, result in results] == [v for _, v in people]
