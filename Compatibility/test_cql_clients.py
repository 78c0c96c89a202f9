# The CQL store as unmodified Cassandra clients see it: cassandra-driver at every protocol version, and cqlsh.

import datetime
import decimal
import socket
import struct
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from cassandra import AlreadyExists, InvalidRequest, Unauthorized
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import DCAwareRoundRobinPolicy, TokenAwarePolicy
from cassandra.protocol import ConfigurationException, SyntaxException
from cassandra.query import (
    BatchStatement,
    BatchType,
    SimpleStatement,
    UNSET_VALUE,
    dict_factory,
)
from cassandra.util import Date, Duration, SortedSet, Time

SIMPLE = "{'class': 'SimpleStrategy', 'replication_factor': 1}"


def connect(stack, **options):
    host, port = stack.cql
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc="datacenter1"))
    )
    return Cluster(
        [host], port=port, execution_profiles={EXEC_PROFILE_DEFAULT: profile}, **options
    )


@pytest.fixture(scope="module")
def session(stack):
    cluster = connect(stack, protocol_version=5)
    session = cluster.connect()
    session.execute("DROP KEYSPACE IF EXISTS compat")
    session.execute(f"CREATE KEYSPACE compat WITH replication = {SIMPLE}")
    session.set_keyspace("compat")
    yield session
    cluster.shutdown()


@pytest.fixture
def table(session):
    """Makes a table of its own for a test: table("k int PRIMARY KEY, v int")."""
    made = []

    def make(columns, options=""):
        name = f"t{uuid.uuid4().hex[:12]}"
        session.execute(f"CREATE TABLE {name} ({columns}) {options}")
        made.append(name)
        return name

    yield make
    for name in made:
        session.execute(f"DROP TABLE IF EXISTS {name}")


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


# --- types

VALUES = {
    "ascii": ["", "abc", "zz"],
    "bigint": [-(2**63), -1, 0, 1, 2**63 - 1],
    "blob": [b"", b"\x00", b"\x00\x00\xff", b"\xff\xfe"],
    "boolean": [False, True],
    "date": [Date(-719_162), Date(0), Date(20_000)],
    "decimal": [decimal.Decimal(x) for x in ("-1E+400", "-10.5", "-0.001", "0", "1E-7", "3.14", "1E+30")],
    "double": [float("-inf"), -1.5, 0.0, 1e-300, 2.5, float("inf")],
    "float": [-1.5, 0.0, 0.25, 3.0],
    "inet": ["::1", "10.0.0.1", "192.168.1.1", "fe80::1"],
    "int": [-(2**31), -1, 0, 1, 2**31 - 1],
    "smallint": [-(2**15), -1, 0, 2**15 - 1],
    "text": ["", "Zoë", "a", "a\x00b", "日本", "𝄞"],
    "time": [Time(0), Time(1), Time("23:59:59.999999999")],
    "timestamp": [
        datetime.datetime(1969, 12, 31, 23, 59, 59, 999000),
        datetime.datetime(2020, 2, 29, 12, 0),
    ],
    "timeuuid": [uuid.UUID("00000000-0000-1000-8080-808080808080"), uuid.uuid1()],
    "tinyint": [-128, -1, 0, 127],
    "uuid": [uuid.UUID(int=0), uuid.UUID("aaaaaaaa-0000-4000-8000-000000000001"), uuid.UUID("ffffffff-0000-4000-8000-000000000001")],
    "varint": [-(2**200), -256, -255, -1, 0, 127, 128, 2**64, 2**200],
    "frozen<list<int>>": [[], [1], [1, 2], [2]],
    "frozen<set<text>>": [SortedSet([]), SortedSet(["a", "b"])],
    "frozen<map<int, text>>": [{1: "a"}, {1: "a", 2: "b"}],
    "frozen<tuple<int, text>>": [(1, None), (1, "a"), (2, "")],
}
UNORDERED = {"duration": [Duration(1, 2, 3), Duration(-14, 0, -1)]}


def same(left, right):
    if isinstance(right, dict):
        return dict(left) == right
    return left == right or (left is None and right is None)


@pytest.mark.parametrize("version", [3, 4, 5])
def test_every_type_comes_back(stack, session, table, version):
    cluster = connect(stack, protocol_version=version)
    other = cluster.connect("compat")
    for type_name, values in (VALUES | UNORDERED).items():
        name = table(f"k int PRIMARY KEY, v {type_name}")
        cluster.refresh_schema_metadata()
        insert = other.prepare(f"INSERT INTO {name} (k, v) VALUES (?, ?)")
        for index, value in enumerate(values):
            other.execute(insert, (index, value))
            row = other.execute(f"SELECT v FROM {name} WHERE k = %s", (index,)).one()
            assert same(row.v, value), type_name
    cluster.shutdown()


@pytest.mark.parametrize("type_name", list(VALUES))
def test_every_type_orders_and_keys(session, table, type_name):
    """As a partition key, and as a clustering key in both directions, by literals and by binds."""
    values = VALUES[type_name]
    name = table(f"k {type_name}, v int, PRIMARY KEY (k)")
    insert = session.prepare(f"INSERT INTO {name} (k, v) VALUES (?, ?)")
    select = session.prepare(f"SELECT k, v FROM {name} WHERE k = ?")
    for index, value in enumerate(values):
        if isinstance(value, (str, bytes)) and not value:
            with pytest.raises(InvalidRequest):
                session.execute(insert, (value, index))
            continue
        session.execute(insert, (value, index))
        row = session.execute(select, (value,)).one()
        assert (same(row.k, value), row.v) == (True, index)
    for order in ("ASC", "DESC"):
        name = table(
            f"p int, c {type_name}, v int, PRIMARY KEY (p, c)",
            f"WITH CLUSTERING ORDER BY (c {order})",
        )
        insert = session.prepare(f"INSERT INTO {name} (p, c, v) VALUES (0, ?, ?)")
        for index, value in reversed(list(enumerate(values))):
            session.execute(insert, (value, index))
        indexes = list(range(len(values)))
        rows = list(session.execute(f"SELECT c, v FROM {name} WHERE p = 0 ORDER BY c ASC"))
        assert [row.v for row in rows] == indexes
        assert all(same(row.c, value) for row, value in zip(rows, values))
        rows = session.execute(f"SELECT v FROM {name} WHERE p = 0 ORDER BY c DESC")
        assert [row.v for row in rows] == indexes[::-1]
        for operator, kept in [(">", indexes[2:]), (">=", indexes[1:]), ("<", indexes[:1])]:
            if len(values) < 2:
                continue
            prepared = session.prepare(
                f"SELECT v FROM {name} WHERE p = 0 AND c {operator} ? ORDER BY c ASC"
            )
            assert [row.v for row in session.execute(prepared, (values[1],))] == kept


def test_literals(session, table):
    name = table(
        "k int PRIMARY KEY, a ascii, b bigint, c blob, d boolean, e date, f decimal, g double,"
        " h duration, i float, j inet, l smallint, m text, n time, o timestamp, p timeuuid,"
        " q tinyint, r uuid, s varint, t list<int>, u set<text>, v map<text, int>,"
        " w tuple<int, text>"
    )
    session.execute(
        f"INSERT INTO {name} (k, a, b, c, d, e, f, g, h, i, j, l, m, n, o, p, q, r, s, t, u, v, w)"
        " VALUES (-1, 'x', 9223372036854775807, 0xCAFE, TRUE, '2020-02-29', 1.50, -1e10,"
        " 1y2mo3d4h5m6s7ms, 1.5, '127.0.0.1', -7, 'it''s', '08:12:54.123456789',"
        " '2011-02-03 04:05:06.789+0100', 50554d6e-29bb-11e5-b345-feff819cdc9f, 1,"
        " 123e4567-e89b-42d3-a456-426614174000, 123456789012345678901234567890, [1, 2],"
        " {'b', 'a'}, {'x': 1}, (1, 'a')) -- a comment"
    )
    row = session.execute(f"SELECT * FROM {name} WHERE k = -1").one()
    assert (row.a, row.b, row.c, row.d) == ("x", 2**63 - 1, b"\xca\xfe", True)
    assert (row.e, row.f, row.g) == (Date("2020-02-29"), decimal.Decimal("1.50"), -1e10)
    assert row.h == Duration(14, 3, 4 * 3600 * 10**9 + 306 * 10**9 + 7 * 10**6)
    assert (row.j, row.m, row.n) == ("127.0.0.1", "it's", Time("08:12:54.123456789"))
    assert row.o == datetime.datetime(2011, 2, 3, 3, 5, 6, 789000)
    assert (row.s, row.t, set(row.u), dict(row.v), row.w) == (
        123456789012345678901234567890, [1, 2], {"a", "b"}, {"x": 1}, (1, "a"),
    )


def test_user_defined_types(session, table):
    session.execute("CREATE TYPE IF NOT EXISTS address (street text, number int)")
    name = table("k int PRIMARY KEY, a frozen<address>, l list<frozen<address>>")
    session.execute(
        f"INSERT INTO {name} (k, a, l) VALUES (1, {{street: 'x', number: 2}}, [{{street: 'y'}}])"
    )
    row = session.execute(f"SELECT a, a.street AS street, l FROM {name}").one()
    assert (row.a.street, row.a.number, row.street) == ("x", 2, "x")
    assert row.l[0].street == "y" and row.l[0].number is None
    with pytest.raises(InvalidRequest):
        session.execute("DROP TYPE address")


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


@pytest.fixture(scope="module")
def wide(session):
    session.execute("DROP TABLE IF EXISTS wide")
    session.execute("CREATE TABLE wide (k int, c int, v int, s text static, PRIMARY KEY (k, c))")
    insert = session.prepare("INSERT INTO wide (k, c, v) VALUES (?, ?, ?)")
    execute_concurrent_with_args(
        session, insert, [(k, c, k * 1000 + c) for k in range(7) for c in range(40)]
    )
    session.execute("INSERT INTO wide (k, s) VALUES (100, 'alone')")
    return "wide"


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
    other = cluster.connect("compat")
    seen += list(other.execute(query, paging_state=page.paging_state))
    assert seen == whole
    for junk in [b"x", page.paging_state[:-1], page.paging_state[:-1] + b"\x00"]:
        with pytest.raises(Exception) as caught:
            other.execute(query, paging_state=junk)
        assert "paging state" in str(caught.value)
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


# --- cqlsh


def cqlsh(stack, text, *options):
    host, port = stack.cql
    program = Path(sys.executable).with_name("cqlsh")
    done = subprocess.run(
        [str(program), host, str(port), *options, "-e", text],
        capture_output=True, text=True, timeout=120,
    )
    # cqlsh says on its standard output that it was built for another patch release.
    lines = [line for line in done.stdout.splitlines(True) if not line.startswith("WARNING: cqlsh")]
    return "".join(lines), done.stderr


def test_cqlsh_selects_and_shows_errors(stack, session, wide):
    out, err = cqlsh(stack, "SELECT k, c FROM compat.wide WHERE k = 3 LIMIT 2; SHOW VERSION")
    assert "(2 rows)" in out and "CQL spec 3.4.7" in out and "error" not in err.lower()
    _, err = cqlsh(stack, "SELECT nothing FROM compat.wide")
    assert "InvalidRequest" in err and "Undefined column name nothing" in err
    _, err = cqlsh(stack, "SELECTED")
    assert "SyntaxException" in err and "line 1:0" in err


def test_cqlsh_describes_what_it_can_run_again(stack, session, table):
    name = table(
        'a int, "B" text, c list<frozen<map<text, int>>>, s int static, PRIMARY KEY (a, "B")',
        "WITH CLUSTERING ORDER BY (\"B\" DESC) AND comment = 'x'",
    )
    first, err = cqlsh(stack, f"DESCRIBE TABLE compat.{name}")
    assert "CREATE TABLE" in first and not err
    session.execute(f"DROP TABLE {name}")
    cqlsh(stack, first)
    session.cluster.refresh_schema_metadata()
    second, _ = cqlsh(stack, f"DESCRIBE TABLE compat.{name}")
    assert second == first
    for text, found in [
        ("DESCRIBE KEYSPACES", "compat"), ("DESCRIBE CLUSTER", "Murmur3Partitioner"),
        ("USE compat; DESCRIBE TABLES", name), ("DESCRIBE KEYSPACE compat", "CREATE KEYSPACE compat"),
        ("DESCRIBE SCHEMA", "CREATE KEYSPACE compat"), (f"DESCRIBE compat.{name}", "CREATE TABLE"),
        ("DESCRIBE TABLE system.local", "bootstrapped"),
    ]:
        out, err = cqlsh(stack, text)
        assert found in out, (text, err)


def test_cqlsh_copies_both_ways(stack, session, table, tmp_path):
    columns = "k int PRIMARY KEY, t text, u uuid, l list<int>, d timestamp"
    source, target = table(columns), table(columns)
    insert = session.prepare(f"INSERT INTO {source} (k, t, u, l, d) VALUES (?, ?, ?, ?, ?)")
    now = datetime.datetime(2024, 5, 6, 7, 8, 9)
    for index in range(300):
        session.execute(insert, (index, f'a "quoted", {index}', uuid.uuid4(), [index, 1], now))
    path = tmp_path / "rows.csv"
    cqlsh(stack, f"COPY compat.{source} TO '{path}' WITH HEADER = true")
    assert len(path.read_text().splitlines()) == 301
    cqlsh(stack, f"COPY compat.{target} FROM '{path}' WITH HEADER = true")
    read = lambda name: {tuple(map(str, row)) for row in session.execute(f"SELECT * FROM {name}")}
    assert read(target) == read(source)
