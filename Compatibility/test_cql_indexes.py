"""Legacy secondary indexes of the CQL store, as cassandra-driver sees them."""

import time

import pytest
from cassandra import InvalidRequest
from cassandra.protocol import ConfigurationException, SyntaxException
from cassandra.query import SimpleStatement
from cql_tools import fails, keyspace, rows, table  # noqa: F401 (`table` is a fixture)


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "indexes") as session:
        yield session


FILTERING = "Cannot execute this query as it might involve data filtering"


def indexes_of(session, table):
    return {
        row.index_name: (row.kind, dict(row.options))
        for row in session.execute(
            "SELECT * FROM system_schema.indexes WHERE keyspace_name = 'indexes' AND table_name = %s", (table,)
        )
    }


def test_names_and_system_tables(session, table):
    t = table('k int PRIMARY KEY, v int, "V" int, s set<int>, m map<int, text>, f frozen<list<int>>')
    session.execute(f"CREATE INDEX ON {t} (v)")
    session.execute(f'CREATE INDEX ON {t} ("V")')
    session.execute(f"CREATE INDEX ON {t} (s)")
    session.execute(f"CREATE INDEX ON {t} (keys(m))")
    session.execute(f"CREATE INDEX ON {t} (m)")
    session.execute(f"CREATE INDEX ON {t} (entries(m))")
    session.execute(f"CREATE INDEX ON {t} (full(f)) USING 'legacy_local_table'")
    assert indexes_of(session, t) == {
        f"{t}_v_idx": ("COMPOSITES", {"target": "v"}),
        f"{t}_V_idx": ("COMPOSITES", {"target": '"V"'}),
        f"{t}_s_idx": ("COMPOSITES", {"target": "values(s)"}),
        f"{t}_m_idx": ("COMPOSITES", {"target": "keys(m)"}),
        f"{t}_m_idx_1": ("COMPOSITES", {"target": "values(m)"}),
        f"{t}_m_idx_2": ("COMPOSITES", {"target": "entries(m)"}),
        f"{t}_f_idx": ("COMPOSITES", {"target": "full(f)"}),
    }
    built = rows(session, "SELECT table_name, index_name FROM system.\"IndexInfo\" WHERE table_name = 'indexes'")
    assert ("indexes", f"{t}_v_idx") in built
    # The driver reads them into its picture of the schema.
    session.cluster.refresh_table_metadata("indexes", t)
    known = session.cluster.metadata.keyspaces["indexes"].tables[t].indexes
    assert set(known) == set(indexes_of(session, t))
    assert known[f"{t}_v_idx"].as_cql_query() == f"CREATE INDEX {t}_v_idx ON indexes.{t} (v)"
    session.execute(f"DROP INDEX {t}_v_idx")
    assert f"{t}_v_idx" not in indexes_of(session, t)


def test_create_and_drop_rules(session, table):
    t = table("k int, k2 int, c int, v int, s int static, d duration, l list<int>, f frozen<set<int>>, PRIMARY KEY ((k, k2), c)")
    session.execute(f"CREATE INDEX one_{t} ON {t} (v)")
    fails(session, f"CREATE INDEX one_{t} ON {t} (c)", f"Index 'one_{t}' already exists")
    fails(session, f"CREATE INDEX two_{t} ON {t} (v)", f"Index two_{t} is a duplicate of existing index one_{t}")
    session.execute(f"CREATE INDEX IF NOT EXISTS one_{t} ON {t} (v)")
    session.execute(f"CREATE INDEX IF NOT EXISTS two_{t} ON {t} (v)")
    fails(session, f"CREATE INDEX ON {t} (nothing)", "Undefined column name")
    fails(session, "CREATE INDEX ON nothing (v)", "doesn't exist")
    fails(session, "CREATE INDEX ON nothing.nothing (v)", "doesn't exist")
    fails(session, f"CREATE INDEX ON {t} (d)", "Secondary indexes are not supported on duration columns")
    fails(session, f"CREATE INDEX ON {t} (f)", "Cannot create values() index on frozen column f")
    fails(session, f"CREATE INDEX ON {t} (keys(l))", "Cannot create index on keys of column l with non-map type")
    fails(session, f"CREATE INDEX ON {t} (full(l))", "full() indexes can only be created on frozen collections")
    fails(session, f"CREATE INDEX ON {t} (keys(v))", "Cannot create keys() index on v")
    fails(session, f"CREATE INDEX ON {t} (v, c)", "Only CUSTOM indexes support multiple columns")
    fails(session, f"CREATE INDEX ON {t} ()", "Only CUSTOM indexes can be created without specifying a target column")
    fails(session, f"CREATE INDEX ON {t} (v) WITH OPTIONS = {{'a': 'b'}}", "Cannot specify options for a non-CUSTOM index")
    fails(session, f"CREATE CUSTOM INDEX ON {t} (v) USING 'no.such.Class'", "no.such.Class", kind=ConfigurationException)
    fails(session, f"CREATE CUSTOM INDEX ON {t} (v) USING 'org.apache.cassandra.index.sasi.SASIIndex'", "SASI indexes are disabled")
    fails(session, f"CREATE INDEX ON {t} (v) WITH foo = 'bar'", kind=SyntaxException)
    fails(session, f"CREATE INDEX other.name ON indexes.{t} (v)", "doesn't match")
    session.execute(f"DROP INDEX indexes.one_{t}")
    fails(session, f"DROP INDEX one_{t}", f"Index 'indexes.one_{t}' doesn't exist")
    session.execute(f"DROP INDEX IF EXISTS one_{t}")
    counters = table("k int PRIMARY KEY, v counter")
    fails(session, f"CREATE INDEX ON {counters} (v)", "Secondary indexes on counter tables aren't supported")
    plain = table("k int PRIMARY KEY, v int")
    fails(session, f"CREATE INDEX ON {plain} (k)", "Cannot create secondary index on the only partition key column k")
    session.execute(f"CREATE INDEX last_{plain} ON {plain} (v)")
    fails(session, f"ALTER TABLE {plain} DROP v", "Cannot drop column v because it has dependent secondary indexes")


def test_values_come_and_go(session, table):
    t = table("k int PRIMARY KEY, v int, w int")
    for k in range(20):
        session.execute(f"INSERT INTO {t} (k, v, w) VALUES ({k}, {k % 4}, {k % 2})")
    # Rows that are there before the index are found as well.
    session.execute(f"CREATE INDEX ON {t} (v)")
    scan = [row for row in rows(session, f"SELECT k FROM {t}")]
    assert rows(session, f"SELECT k FROM {t} WHERE v = 1") == [row for row in scan if row[0] % 4 == 1]
    session.execute(f"UPDATE {t} SET v = 7 WHERE k = 1")
    session.execute(f"DELETE v FROM {t} WHERE k = 5")
    session.execute(f"DELETE FROM {t} WHERE k = 9")
    session.execute(f"INSERT INTO {t} (k, v) VALUES (99, 1) USING TTL 1")
    assert {row[0] for row in rows(session, f"SELECT k FROM {t} WHERE v = 1")} == {13, 17, 99}
    assert rows(session, f"SELECT k FROM {t} WHERE v = 7") == [(1,)]
    # An old write that loses leaves nothing.
    session.execute(f"INSERT INTO {t} (k, v) VALUES (13, 5) USING TIMESTAMP 1")
    assert rows(session, f"SELECT k FROM {t} WHERE v = 5") == []
    time.sleep(2)
    for _ in range(3):
        assert {row[0] for row in rows(session, f"SELECT k FROM {t} WHERE v = 1")} == {13, 17}
    session.execute(f"UPDATE {t} SET v = 1 WHERE k = 1")
    assert {row[0] for row in rows(session, f"SELECT k FROM {t} WHERE v = 1")} == {1, 13, 17}
    session.execute(f"TRUNCATE {t}")
    assert rows(session, f"SELECT k FROM {t} WHERE v = 1") == []
    session.execute(f"INSERT INTO {t} (k, v) VALUES (4, 1)")
    assert rows(session, f"SELECT k FROM {t} WHERE v = 1") == [(4,)]
    session.execute(f"DROP INDEX {t}_v_idx")
    fails(session, f"SELECT k FROM {t} WHERE v = 1", FILTERING)
    session.execute(f"CREATE INDEX ON {t} (v)")
    assert rows(session, f"SELECT k FROM {t} WHERE v = 1") == [(4,)]


def test_key_parts_and_statics(session, table):
    t = table("p int, q int, c int, d int, s int static, v int, PRIMARY KEY ((p, q), c, d)")
    for p in range(3):
        for q in range(3):
            session.execute(f"INSERT INTO {t} (p, q, s) VALUES ({p}, {q}, {q * 10})")
            for c in range(2):
                if (p, q) != (0, 0):
                    session.execute(f"INSERT INTO {t} (p, q, c, d, v) VALUES ({p}, {q}, {c}, {c + 1}, {p})")
    everything = rows(session, f"SELECT p, q, c, d, s, v FROM {t}")
    fails(session, f"SELECT * FROM {t} WHERE q = 1", FILTERING)
    for column in ("q", "c", "d", "s", "v"):
        session.execute(f"CREATE INDEX ON {t} ({column})")

    def select(end):
        return rows(session, f"SELECT p, q, c, d, s, v FROM {t} WHERE {end}")

    assert select("q = 1") == [row for row in everything if row[1] == 1]
    assert select("q = 0") == [row for row in everything if row[1] == 0]
    assert select("c = 1") == [row for row in everything if row[2] == 1]
    assert select("d = 2") == [row for row in everything if row[3] == 2]
    assert select("s = 10") == [row for row in everything if row[4] == 10]
    assert select("s = 0") == [row for row in everything if row[4] == 0]
    assert select("p = 1 AND q = 1 AND d = 2") == [(1, 1, 1, 2, 10, 1)]
    assert select("p = 1 AND q = 1 AND v = 1") == [row for row in everything if row[:2] == (1, 1)]
    assert select("p = 1 AND q = 1 AND c = 0 AND v = 1") == [(1, 1, 0, 1, 10, 1)]
    assert select("p = 1 AND q = 1 AND s = 10 AND c = 0 ALLOW FILTERING") == [(1, 1, 0, 1, 10, 1)]
    fails(session, f"SELECT * FROM {t} WHERE q = 1 AND v = 1", FILTERING)
    fails(session, f"SELECT * FROM {t} WHERE p = 1 AND v = 1", FILTERING)
    assert select("q = 1 AND v = 1 ALLOW FILTERING") == [row for row in everything if row[1] == 1 and row[5] == 1]
    assert select("v = 1 AND c > 0 ALLOW FILTERING") == [row for row in everything if row[5] == 1 and row[2] == 1]
    fails(session, f"SELECT * FROM {t} WHERE v > 1", FILTERING)
    fails(session, f"SELECT * FROM {t} WHERE v IN (1, 2)", FILTERING)
    fails(session, f"SELECT * FROM {t} WHERE p IN (1, 2) AND q = 1 AND v = 1", "IN clause for the PRIMARY KEY are not supported")
    fails(session, f"SELECT * FROM {t} WHERE v = 1 ORDER BY c", "ORDER BY")
    fails(session, f"SELECT * FROM {t} WHERE p = 1 AND q = 1 AND v = 1 ORDER BY c DESC", "ORDER BY with 2ndary indexes is not supported")
    tokens = rows(session, f"SELECT token(p, q), p, q, c FROM {t} WHERE v = 1")
    middle = tokens[len(tokens) // 2][0]
    assert rows(session, f"SELECT token(p, q), p, q, c FROM {t} WHERE token(p, q) > {middle} AND v = 1") == [row for row in tokens if row[0] > middle]
    assert rows(session, f"SELECT token(p, q), p, q, c FROM {t} WHERE token(p, q) <= {middle} AND v = 1") == [row for row in tokens if row[0] <= middle]
    assert rows(session, f"SELECT count(*) FROM {t} WHERE v = 1") == [(6,)]
    assert rows(session, f"SELECT DISTINCT p, q, s FROM {t} WHERE s = 10") == list(dict.fromkeys((row[0], row[1], row[4]) for row in everything if row[4] == 10))


def test_collections(session, table):
    t = table("k int, c int, s set<text>, l list<int>, m map<text, int>, f frozen<map<text, int>>, PRIMARY KEY (k, c)")
    for target in ("s", "l", "keys(m)", "values(m)", "entries(m)", "full(f)"):
        session.execute(f"CREATE INDEX ON {t} ({target})")
    session.execute(f"INSERT INTO {t} (k, c, s, l, m, f) VALUES (1, 1, {{'a', 'b'}}, [1, 1, 2], {{'x': 1, 'y': 2}}, {{'x': 1}})")
    session.execute(f"INSERT INTO {t} (k, c, s, l, m, f) VALUES (1, 2, {{'b', 'c'}}, [2], {{'x': 2, 'z': 2}}, {{'x': 2}})")

    def select(end):
        return [row[0] for row in rows(session, f"SELECT c FROM {t} WHERE {end}")]

    assert select("s CONTAINS 'b'") == [1, 2] and select("s CONTAINS 'a'") == [1]
    assert select("l CONTAINS 1") == [1] and select("l CONTAINS 2") == [1, 2]
    assert select("m CONTAINS 2") == [1, 2] and select("m CONTAINS 1") == [1]
    assert select("m CONTAINS KEY 'z'") == [2] and select("m CONTAINS KEY 'x'") == [1, 2]
    assert select("m['x'] = 2") == [2] and select("m['y'] = 1") == []
    assert select("f = {'x': 1}") == [1]
    fails(session, f"SELECT * FROM {t} WHERE f CONTAINS 1", FILTERING)
    assert select("f CONTAINS 1 ALLOW FILTERING") == [1]
    fails(session, f"SELECT * FROM {t} WHERE s CONTAINS 'a' AND s CONTAINS 'b'", FILTERING)
    assert select("s CONTAINS 'a' AND s CONTAINS 'b' ALLOW FILTERING") == [1]
    session.execute(f"UPDATE {t} SET s = s - {{'a'}}, m = m - {{'y'}}, l[2] = 9 WHERE k = 1 AND c = 1")
    assert select("s CONTAINS 'a'") == [] and select("m CONTAINS KEY 'y'") == []
    assert select("l CONTAINS 9") == [1] and select("l CONTAINS 2") == [2]
    session.execute(f"UPDATE {t} SET s = {{'new'}}, m['x'] = 5 WHERE k = 1 AND c = 1")
    assert select("s CONTAINS 'b'") == [2] and select("s CONTAINS 'new'") == [1]
    assert select("m['x'] = 5") == [1] and select("m['x'] = 1") == [] and select("k = 1 AND m['x'] = 2") == [2]


@pytest.mark.parametrize("kind", ["", "USING 'sai'"])
def test_paging(session, table, kind):
    t = table("k int, c int, v int, s int static, PRIMARY KEY (k, c)")
    session.execute(f"CREATE INDEX ON {t} (v) {kind}")
    session.execute(f"CREATE INDEX ON {t} (s) {kind}")
    for k in range(6):
        session.execute(f"INSERT INTO {t} (k, s) VALUES ({k}, {k % 2})")
        for c in range(7):
            session.execute(f"INSERT INTO {t} (k, c, v) VALUES ({k}, {c}, {c % 2})")
    for condition in ("v = 1", "s = 1", "v = 1 AND s = 0 ALLOW FILTERING", "k = 3 AND v = 0"):
        for limits in ("", " LIMIT 8", " PER PARTITION LIMIT 2", " PER PARTITION LIMIT 2 LIMIT 5"):
            parts = condition.split(" ALLOW")
            text = f"SELECT k, c, v, s FROM {t} WHERE {parts[0]}{limits}" + (" ALLOW" + parts[1] if len(parts) > 1 else "")
            whole = rows(session, text)
            assert whole
            for size in (1, 2, 3, 5, 100):
                statement = SimpleStatement(text, fetch_size=size)
                assert [tuple(row) for row in session.execute(statement)] == whole, (text, size)


def test_markers_and_null(session, table):
    t = table("k int PRIMARY KEY, v int, m map<text, int>")
    session.execute(f"CREATE INDEX ON {t} (v)")
    session.execute(f"CREATE INDEX ON {t} (entries(m))")
    session.execute(f"INSERT INTO {t} (k, v, m) VALUES (1, 2, {{'a': 3}})")
    assert rows(session, f"SELECT k FROM {t} WHERE v = %s", 2) == [(1,)]
    prepared = session.prepare(f"SELECT k FROM {t} WHERE m[?] = ?")
    assert [tuple(row) for row in session.execute(prepared, ("a", 3))] == [(1,)]
    prepared = session.prepare(f"SELECT k FROM {t} WHERE v = ?")
    assert [column.name for column in prepared.column_metadata] == ["v"]
    with pytest.raises(InvalidRequest):
        session.execute(prepared, (None,))
    # A prepared statement goes on when its index is dropped, as far as it may.
    session.execute(f"DROP INDEX {t}_v_idx")
    with pytest.raises(InvalidRequest):
        session.execute(prepared, (2,))


def test_values_too_long(session, table):
    t = table("k int PRIMARY KEY, v text")
    session.execute(f"CREATE INDEX ON {t} (v)")
    session.execute(f"INSERT INTO {t} (k, v) VALUES (1, '{'x' * 60_000}')")
    assert rows(session, f"SELECT k FROM {t} WHERE v = %s", "x" * 60_000) == [(1,)]
    fails(session, f"INSERT INTO {t} (k, v) VALUES (2, '{'x' * 66_000}')", "Cannot index value of size 66000")
    assert rows(session, f"SELECT k FROM {t}") == [(1,)]


def test_batches_and_conditions(session, table):
    t = table("k int PRIMARY KEY, v int")
    session.execute(f"CREATE INDEX ON {t} (v)")
    session.execute(f"BEGIN BATCH INSERT INTO {t} (k, v) VALUES (1, 1); INSERT INTO {t} (k, v) VALUES (2, 1); APPLY BATCH")
    session.execute(f"INSERT INTO {t} (k, v) VALUES (3, 1) IF NOT EXISTS")
    session.execute(f"UPDATE {t} SET v = 2 WHERE k = 1 IF v = 1")
    session.execute(f"UPDATE {t} SET v = 9 WHERE k = 2 IF v = 5")
    assert {row[0] for row in rows(session, f"SELECT k FROM {t} WHERE v = 1")} == {2, 3}
    assert rows(session, f"SELECT k FROM {t} WHERE v = 2") == [(1,)]
    assert rows(session, f"SELECT k FROM {t} WHERE v = 9") == []
