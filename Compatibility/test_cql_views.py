# Materialized views as clients see them: what may be made, and that a view always shows what its table holds.

import random
import time

import pytest
from cassandra import AlreadyExists, InvalidRequest
from cassandra.cluster import Cluster
from cassandra.protocol import ConfigurationException, SyntaxException
from cassandra.query import BatchStatement, SimpleStatement

from conftest import start_stack

SIMPLE = "{'class': 'SimpleStrategy', 'replication_factor': 1}"


@pytest.fixture(scope="module")
def session(stack):
    host, port = stack.cql
    cluster = Cluster([host], port=port)
    session = cluster.connect()
    session.execute("DROP KEYSPACE IF EXISTS views")
    session.execute(f"CREATE KEYSPACE views WITH replication = {SIMPLE}")
    session.set_keyspace("views")
    yield session
    session.execute("DROP KEYSPACE views")
    cluster.shutdown()


names = iter(range(1000000))


@pytest.fixture
def make(session):
    """Makes a table or a view; what was made is dropped in the reverse order."""
    made = []

    def make_one(kind, text):
        name = f"{kind[0].lower()}{next(names)}"
        session.execute(f"CREATE {kind} {name} {text}")
        made.append((kind, name))
        return name

    yield make_one
    for kind, name in reversed(made):
        session.execute(f"DROP {kind} IF EXISTS {name}")


def view_of(make, table, columns="*", where="p IS NOT NULL AND v IS NOT NULL", key="(v, p)", rest=""):
    return make(
        "MATERIALIZED VIEW",
        f"AS SELECT {columns} FROM {table} WHERE {where} PRIMARY KEY {key} {rest}",
    )


def rows(session, query):
    return [tuple(row) for row in session.execute(query)]


# --- what may be made

GOOD = "p IS NOT NULL AND c IS NOT NULL AND v IS NOT NULL"


@pytest.mark.parametrize(
    "columns, where, key, rest, text",
    [
        ("p, c, v", GOOD, "(v, p)", "", "without primary key columns c"),
        ("p, c, v, d", GOOD, "(v, p, c, d)", "", "more than one non-primary key column"),
        ("p, c, v", "p IS NOT NULL AND c IS NOT NULL", "(v, p, c)", "", "must be restricted"),
        ("p, c, v, s", GOOD, "(v, p, c)", "", "static column"),
        ("*", GOOD, "(v, p, c)", "", "static column"),
        ("p AS x, c, v", GOOD, "(v, p, c)", "", "aliases"),
        ("p, c, v, writetime(d)", GOOD, "(v, p, c)", "", "by name"),
        ("p, c, v, zz", GOOD, "(v, p, c)", "", "Undefined column name zz"),
        ("p, c, v", GOOD, "(v, p, c, zz)", "", "Unknown column 'zz'"),
        ("p, c, v", GOOD, "(v, p, c, c)", "", "Duplicate column 'c'"),
        ("p, c, v", GOOD + " AND v = 1", "(v, p, c)", "", "Non-primary key columns"),
        ("p, c, v", GOOD + " AND s = 1", "(v, p, c)", "", "Non-primary key columns"),
        ("p, c, v", GOOD + " AND token(p) > 1", "(v, p, c)", "", "token relation"),
        ("p, c, v", GOOD + " AND c = ?", "(v, p, c)", "", "CREATE MATERIALIZED VIEW"),
        ("p, c, v, l", GOOD + " AND l IS NOT NULL", "(l, v, p, c)", "", "non-frozen collection"),
        ("p, c, v", GOOD, "(v, p, c)", "WITH CLUSTERING ORDER BY (c ASC)", "exactly match"),
        ("p, c, v", GOOD, "(v, p, c)", "WITH CLUSTERING ORDER BY (p ASC, c ASC, c ASC)", "CLUSTERING ORDER BY"),
        ("p, c, v", GOOD, "(v, p, c)", "WITH default_time_to_live = 5", "default_time_to_live"),
    ],
)
def test_refused(session, make, columns, where, key, rest, text):
    table = make(
        "TABLE",
        "(p int, c text, v int, d int, l list<int>, s int STATIC, PRIMARY KEY (p, c))",
    )
    with pytest.raises(InvalidRequest, match=text):
        view_of(make, table, columns, where, key, rest)


def test_refused_by_grammar_and_names(session, make):
    table = make("TABLE", "(p int PRIMARY KEY, v int)")
    counters = make("TABLE", "(p int PRIMARY KEY, v counter)")
    with pytest.raises(SyntaxException):
        view_of(make, table, "DISTINCT p")
    with pytest.raises(SyntaxException):
        view_of(make, table, where="p IS NOT 42 AND v IS NOT NULL")
    with pytest.raises(SyntaxException):
        view_of(make, table, rest="WITH COMPACT STORAGE")
    with pytest.raises(InvalidRequest, match="counter"):
        view_of(make, counters, where="p IS NOT NULL", key="(p)")
    with pytest.raises(InvalidRequest, match="doesn't exist"):
        view_of(make, "nowhere")
    view = view_of(make, table)
    with pytest.raises(InvalidRequest, match="other materialized views"):
        view_of(make, view)
    create = f"AS SELECT * FROM {table} WHERE p IS NOT NULL AND v IS NOT NULL PRIMARY KEY (v, p)"
    with pytest.raises(AlreadyExists):
        session.execute(f"CREATE MATERIALIZED VIEW {view} {create}")
    session.execute(f"CREATE MATERIALIZED VIEW IF NOT EXISTS {view} {create}")
    with pytest.raises(InvalidRequest, match="table with the same name"):
        session.execute(f"CREATE MATERIALIZED VIEW {table} {create}")
    with pytest.raises(AlreadyExists):
        session.execute(f"CREATE TABLE {view} (a int PRIMARY KEY)")
    with pytest.raises(ConfigurationException):
        session.execute(f"ALTER MATERIALIZED VIEW {view} WITH compaction = {{'class': 'No'}}")


def test_a_view_is_not_written_to(session, make):
    table = make("TABLE", "(p int PRIMARY KEY, v int, w int)")
    view = view_of(make, table)
    for statement in [
        f"INSERT INTO {view} (p, v) VALUES (1, 2)",
        f"UPDATE {view} SET w = 1 WHERE v = 1 AND p = 1",
        f"DELETE FROM {view} WHERE v = 1",
        f"TRUNCATE {view}",
        f"DROP TABLE {view}",
        f"ALTER TABLE {view} ADD x int",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table} DROP w",
        f"ALTER TABLE {table} WITH gc_grace_seconds = 0",
        f"ALTER MATERIALIZED VIEW {table} WITH comment = 'x'",
        f"ALTER MATERIALIZED VIEW {view} WITH default_time_to_live = 5",
        f"DROP MATERIALIZED VIEW {table}",
    ]:
        with pytest.raises(InvalidRequest):
            session.execute(statement)
    session.execute("DROP MATERIALIZED VIEW IF EXISTS nothing")


def test_a_view_has_no_time_to_live_of_its_own(session, make):
    table = make("TABLE", "(p int PRIMARY KEY, v int) WITH default_time_to_live = 60")
    view = view_of(make, table, rest="WITH default_time_to_live = 0")
    session.execute(f"ALTER MATERIALIZED VIEW {view} WITH default_time_to_live = 0")
    with pytest.raises(InvalidRequest, match="Forbidden default_time_to_live detected .* must be set to zero"):
        session.execute(f"ALTER MATERIALIZED VIEW {view} WITH default_time_to_live = 30")
    with pytest.raises(InvalidRequest, match="Cannot set default_time_to_live for a materialized view"):
        view_of(make, table, rest="WITH default_time_to_live = 30")


# --- what it shows


def test_rows_move_with_their_value(session, make):
    table = make("TABLE", "(p int PRIMARY KEY, v text, w int)")
    view = view_of(make, table)
    session.execute(f"INSERT INTO {table} (p, v, w) VALUES (1, 'a', 5)")
    assert rows(session, f"SELECT v, p, w FROM {view}") == [("a", 1, 5)]
    session.execute(f"UPDATE {table} SET v = 'b' WHERE p = 1")
    assert rows(session, f"SELECT v, p, w FROM {view}") == [("b", 1, 5)]
    session.execute(f"UPDATE {table} SET w = 6 WHERE p = 1")
    assert rows(session, f"SELECT w FROM {view} WHERE v = 'b'") == [(6,)]
    session.execute(f"UPDATE {table} SET v = null WHERE p = 1")
    assert rows(session, f"SELECT * FROM {view}") == []
    session.execute(f"UPDATE {table} SET v = '' WHERE p = 1")
    assert rows(session, f"SELECT v, p, w FROM {view}") == [("", 1, 6)]
    session.execute(f"DELETE FROM {table} WHERE p = 1")
    assert rows(session, f"SELECT * FROM {view}") == []


def test_older_writes_change_nothing(session, make):
    table = make("TABLE", "(p int PRIMARY KEY, v int, w int)")
    view = view_of(make, table)
    session.execute(f"INSERT INTO {table} (p, v, w) VALUES (1, 10, 1) USING TIMESTAMP 100")
    session.execute(f"UPDATE {table} USING TIMESTAMP 50 SET v = 11 WHERE p = 1")
    session.execute(f"DELETE FROM {table} USING TIMESTAMP 60 WHERE p = 1")
    session.execute(f"UPDATE {table} USING TIMESTAMP 200 SET w = 2 WHERE p = 1")
    assert rows(session, f"SELECT v, p, w, writetime(w) FROM {view}") == [(10, 1, 2, 200)]
    session.execute(f"DELETE FROM {table} USING TIMESTAMP 150 WHERE p = 1")
    assert rows(session, f"SELECT * FROM {view}") == []
    session.execute(f"UPDATE {table} USING TIMESTAMP 300 SET v = 12 WHERE p = 1")
    assert rows(session, f"SELECT v, p, w FROM {view}") == [(12, 1, 2)]


def test_deletes_of_ranges_and_partitions(session, make):
    table = make("TABLE", "(p int, c int, v int, PRIMARY KEY (p, c))")
    view = view_of(
        make,
        table,
        where="p IS NOT NULL AND c IS NOT NULL AND v IS NOT NULL",
        key="(v, p, c)",
    )
    for p in (1, 2):
        for c in range(5):
            session.execute(f"INSERT INTO {table} (p, c, v) VALUES ({p}, {c}, {c % 2})")
    session.execute(f"DELETE FROM {table} WHERE p = 1 AND c >= 1 AND c < 4")
    assert rows(session, f"SELECT p, c FROM {view} WHERE v = 0") == [
        (1, 0), (1, 4), (2, 0), (2, 2), (2, 4),
    ]
    session.execute(f"DELETE FROM {table} WHERE p = 2")
    assert sorted(rows(session, f"SELECT p, c FROM {view}")) == [(1, 0), (1, 4)]
    session.execute(f"DELETE FROM {table} WHERE p = 1 AND c = 0")
    assert rows(session, f"SELECT p, c FROM {view}") == [(1, 4)]
    session.execute(f"TRUNCATE {table}")
    assert rows(session, f"SELECT * FROM {view}") == []


def test_filter_and_order(session, make):
    table = make("TABLE", "(p int, c text, v int, PRIMARY KEY (p, c))")
    view = view_of(
        make,
        table,
        "p, c, v",
        "p IN (1, 2) AND c >= 'b' AND v IS NOT NULL",
        "((v, p), c)",
        "WITH CLUSTERING ORDER BY (c DESC) AND comment = 'x'",
    )
    for p in (1, 2, 3):
        for c in "abc":
            session.execute(f"INSERT INTO {table} (p, c, v) VALUES ({p}, '{c}', 7)")
    assert rows(session, f"SELECT c FROM {view} WHERE v = 7 AND p = 1") == [("c",), ("b",)]
    assert rows(session, f"SELECT c FROM {view} WHERE v = 7 AND p = 3") == []


def test_building_shows_what_was_there(session, make):
    table = make("TABLE", "(p int, c int, v int, PRIMARY KEY (p, c))")
    for c in range(40):
        session.execute(f"INSERT INTO {table} (p, c, v) VALUES (0, {c}, {c})")
    session.execute(f"DELETE FROM {table} WHERE p = 0 AND c < 20")
    view = view_of(
        make, table, where="p IS NOT NULL AND c IS NOT NULL AND v IS NOT NULL", key="(v, p, c)"
    )
    assert sorted(row[0] for row in rows(session, f"SELECT v FROM {view}")) == list(range(20, 40))
    built = f"SELECT view_name FROM system.built_views WHERE keyspace_name = 'views' AND view_name = '{view}'"
    assert rows(session, built) == [(view,)]


def test_collections_and_columns_that_come_later(session, make):
    table = make("TABLE", "(p int PRIMARY KEY, v int, l list<int>, m map<text, int>)")
    view = view_of(make, table)
    session.execute(f"INSERT INTO {table} (p, v, l, m) VALUES (1, 2, [1, 2], {{'a': 1}})")
    session.execute(f"UPDATE {table} SET l = l + [3], m['b'] = 2 WHERE p = 1")
    assert rows(session, f"SELECT l, m FROM {view}") == [([1, 2, 3], {"a": 1, "b": 2})]
    session.execute(f"UPDATE {table} SET l = [9], m = m - {{'a'}}, v = 3 WHERE p = 1")
    assert rows(session, f"SELECT v, l, m FROM {view}") == [(3, [9], {"b": 2})]
    session.execute(f"ALTER TABLE {table} ADD n int")
    session.execute(f"UPDATE {table} SET n = 4 WHERE p = 1")
    assert rows(session, f"SELECT n FROM {view} WHERE v = 3") == [(4,)]
    session.execute(f"ALTER TABLE {table} RENAME p TO q")
    assert rows(session, f"SELECT q FROM {view}") == [(1,)]


def test_a_row_that_only_has_values_that_are_not_shown(session, make):
    table = make("TABLE", "(p int, c int, a int, b int, PRIMARY KEY (p, c))")
    view = view_of(make, table, "p, c, a", "p IS NOT NULL AND c IS NOT NULL", "(c, p)")
    session.execute(f"UPDATE {table} SET b = 1 WHERE p = 1 AND c = 2")
    assert rows(session, f"SELECT c, p, a FROM {view}") == [(2, 1, None)]
    session.execute(f"DELETE b FROM {table} WHERE p = 1 AND c = 2")
    assert rows(session, f"SELECT * FROM {view}") == []


def test_expiry(session, make):
    table = make("TABLE", "(p int PRIMARY KEY, v int, w int)")
    view = view_of(make, table)
    session.execute(f"INSERT INTO {table} (p, v, w) VALUES (1, 10, 1)")
    session.execute(f"UPDATE {table} USING TTL 1 SET v = 11 WHERE p = 1")
    assert rows(session, f"SELECT v, w FROM {view}") == [(11, 1)]
    assert rows(session, f"SELECT * FROM {view} WHERE v = 10") == []
    deadline = time.monotonic() + 10
    while rows(session, f"SELECT v FROM {table}") != [(None,)]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert rows(session, f"SELECT * FROM {view}") == []
    session.execute(f"UPDATE {table} SET v = 11 WHERE p = 1")
    assert rows(session, f"SELECT v, w FROM {view}") == [(11, 1)]


def test_schema_rows(session, make):
    table = make("TABLE", "(p int PRIMARY KEY, v int)")
    view = view_of(make, table, "p, v", rest="WITH comment = 'it''s'")
    row = session.execute(
        f"SELECT * FROM system_schema.views WHERE keyspace_name = 'views' AND view_name = '{view}'"
    ).one()
    assert row.base_table_name == table
    assert row.where_clause == "p IS NOT NULL AND v IS NOT NULL"
    assert row.include_all_columns is False and row.comment == "it's"
    columns = session.execute(
        f"SELECT column_name, kind FROM system_schema.columns WHERE keyspace_name = 'views' AND table_name = '{view}'"
    )
    assert [tuple(row) for row in columns] == [("p", "clustering"), ("v", "partition_key")]
    tables = session.execute(
        f"SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'views' AND table_name = '{view}'"
    )
    assert list(tables) == []


# --- any writes at all


def shown(base):
    """What a view of all columns with the key (v, p, c) shows of the table's rows."""
    return sorted((v, p, c, w) for p, c, v, w in base if v is not None)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_view_equals_its_table(session, make, seed):
    print("seed", seed)
    rng = random.Random(seed)
    table = make("TABLE", "(p int, c int, v int, w int, s int STATIC, PRIMARY KEY (p, c))")
    view = view_of(make, table, "p, c, v, w", GOOD, "(v, p, c)")
    unkeyed = view_of(make, table, "p, c, w", "p IS NOT NULL AND c IS NOT NULL", "(c, p)")
    for step in range(150):
        statements = [
            statement(rng, table, step) for _ in range(rng.choice([1, 1, 1, 4]))
        ]
        if len(statements) == 1:
            session.execute(statements[0])
        else:
            batch = BatchStatement()
            for text in statements:
                batch.add(SimpleStatement(text))
            session.execute(batch)
        if step % 10 == 9:
            check(session, table, view, unkeyed)
    late = view_of(make, table, "p, c, v, w", GOOD, "(v, p, c)")
    check(session, table, late, unkeyed)


def check(session, table, view, unkeyed):
    base = [row for row in rows(session, f"SELECT p, c, v, w FROM {table}") if row[1] is not None]
    assert sorted(rows(session, f"SELECT v, p, c, w FROM {view}")) == shown(base)
    expected = sorted((c, p, w is None, w or 0) for p, c, _, w in base)
    found = [(c, p, w is None, w or 0) for c, p, w in rows(session, f"SELECT c, p, w FROM {unkeyed}")]
    assert sorted(found) == expected


def statement(rng, table, step):
    p, c, v, w = rng.randrange(3), rng.randrange(4), rng.randrange(3), rng.randrange(9)
    stamp = f"USING TIMESTAMP {1000 + step * 10 + rng.randrange(-60, 60)}"
    where = f"WHERE p = {p} AND c = {c}"
    return rng.choice(
        [
            f"INSERT INTO {table} (p, c, v, w) VALUES ({p}, {c}, {v}, {w}) {stamp}",
            f"INSERT INTO {table} (p, c) VALUES ({p}, {c}) {stamp}",
            f"UPDATE {table} {stamp} SET v = {v} {where}",
            f"UPDATE {table} {stamp} SET w = {w} {where}",
            f"UPDATE {table} {stamp} SET v = null {where}",
            f"UPDATE {table} {stamp} SET w = null, v = {v} {where}",
            f"UPDATE {table} {stamp} SET s = {w} WHERE p = {p}",
            f"DELETE FROM {table} {stamp} {where}",
            f"DELETE v FROM {table} {stamp} {where}",
            f"DELETE FROM {table} {stamp} WHERE p = {p} AND c > {c}",
            f"DELETE FROM {table} {stamp} WHERE p = {p}",
        ]
    )


def test_a_view_equals_its_table_after_a_crash(folder):
    for round in range(3):
        stack = start_stack("--only", "store", data=folder)
        host, port = stack.cql
        cluster = Cluster([host], port=port)
        session = cluster.connect()
        session.execute(f"CREATE KEYSPACE IF NOT EXISTS crash WITH replication = {SIMPLE}")
        session.set_keyspace("crash")
        session.execute(
            "CREATE TABLE IF NOT EXISTS t (p int, c int, v int, w int, s int STATIC, PRIMARY KEY (p, c))"
        )
        session.execute(
            "CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT p, c, v, w FROM t "
            f"WHERE {GOOD} PRIMARY KEY (v, p, c)"
        )
        base = [row for row in rows(session, "SELECT p, c, v, w FROM t") if row[1] is not None]
        assert sorted(rows(session, "SELECT v, p, c, w FROM m")) == shown(base)
        rng = random.Random(round)
        waiting = []
        for step in range(400):
            waiting.append(session.execute_async(statement(rng, "t", step)))
        waiting[200].result()
        stack.kill()
        cluster.shutdown()
    stack = start_stack("--only", "store", data=folder)
    host, port = stack.cql
    cluster = Cluster([host], port=port)
    session = cluster.connect("crash")
    base = [row for row in rows(session, "SELECT p, c, v, w FROM t") if row[1] is not None]
    assert base and sorted(rows(session, "SELECT v, p, c, w FROM m")) == shown(base)
    cluster.shutdown()
    assert stack.stop() == 0
