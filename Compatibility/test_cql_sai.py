"""Storage-attached indexes of the CQL store (SAI): ranges, several at once, text options."""

import uuid
from decimal import Decimal

import pytest
from cassandra.protocol import ConfigurationException
from cql_tools import fails, keyspace, rows, table  # noqa: F401 (`table` is a fixture)

FILTERING = "Cannot execute this query as it might involve data filtering"


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "attached") as session:
        yield session


def test_ddl(session, table):
    t = table("p int, q int, c int, v int, x text, b blob, s set<int>, m map<text, int>, f frozen<list<int>>, w vector<int, 2>, PRIMARY KEY ((p, q), c)")
    session.execute(f"CREATE CUSTOM INDEX ON {t} (v) USING 'org.apache.cassandra.index.sai.StorageAttachedIndex'")
    session.execute(f"CREATE CUSTOM INDEX ON {t} (q) USING 'StorageAttachedIndex'")
    session.execute(f"CREATE INDEX ON {t} (x) USING 'sai' WITH OPTIONS = {{'case_sensitive': false}}")
    session.execute(f"CREATE INDEX ON {t} (c) USING 'SAI'")
    found = {
        row.index_name: (row.kind, dict(row.options))
        for row in session.execute("SELECT * FROM system_schema.indexes WHERE keyspace_name = 'attached' AND table_name = %s", (t,))
    }
    assert found[f"{t}_v_idx"] == ("CUSTOM", {"class_name": "org.apache.cassandra.index.sai.StorageAttachedIndex", "target": "v"})
    assert found[f"{t}_x_idx"] == ("CUSTOM", {"class_name": "sai", "case_sensitive": "false", "target": "x"})
    fails(session, f"CREATE INDEX ON {t} (v) USING 'sai'", "Cannot create more than one storage-attached index on the same column: v")
    fails(session, f"CREATE INDEX ON {t} (b) USING 'sai'", "Unsupported type: blob")
    fails(session, f"CREATE INDEX ON {t} (v) USING 'unknown'", "unknown", kind=ConfigurationException)
    fails(session, f"CREATE CUSTOM INDEX ON {t} (s, v) USING 'sai'", "cannot be created over multiple columns")
    fails(session, f"CREATE INDEX ON {t} (s) USING 'sai' WITH OPTIONS = {{'nope': 'a'}}", "nope", kind=ConfigurationException)
    fails(session, f"CREATE INDEX ON {t} (s) USING 'sai' WITH OPTIONS = {{'index_analyzer': 'standard'}}", kind=ConfigurationException)
    fails(session, f"CREATE INDEX ON {t} (s) USING 'sai' WITH OPTIONS = {{'normalize': true}}", "cannot be analyzed")
    fails(session, f"CREATE INDEX ON {t} (s) USING 'sai' WITH OPTIONS = {{'similarity_function': 'cosine'}}", "cannot have vector options")
    fails(session, f"CREATE INDEX ON {t} (w) USING 'sai'", "SAI ANN indexes are only allowed on vector columns with float elements")
    fails(session, f"CREATE INDEX ON {t} (f) USING 'sai'", "Cannot create values() index on frozen column f")
    fails(session, f"CREATE INDEX ON {t} (s) USING 'sai' WITH OPTIONS = {{'target': 's'}}", "Cannot specify target as a CUSTOM option")
    keys = table("k int, c text, v text, PRIMARY KEY (k, c)")
    fails(session, f"CREATE INDEX ON {keys} (c) USING 'sai' WITH OPTIONS = {{'ascii': true}}", "Analysis options are not supported on primary key columns")
    fails(session, f"CREATE INDEX ON {keys} (v) USING 'sai' WITH OPTIONS = {{'ascii': 'perhaps'}}", "Illegal value for boolean option 'ascii'")


@pytest.mark.parametrize(
    "kind, values",
    [
        ("int", [-(2**31), -5, 0, 7, 2**31 - 1]),
        ("bigint", [-(2**63), -1, 0, 1, 2**63 - 1]),
        ("smallint", [-300, 0, 9]),
        ("tinyint", [-128, -1, 0, 127]),
        ("varint", [-(10**30), -1, 0, 10**30]),
        ("decimal", [Decimal("-1e20"), Decimal("-0.5"), Decimal("0"), Decimal("1.25"), Decimal("1e20")]),
        ("double", [-1e300, -0.5, 0.25, 2e9]),
        ("float", [-2.5, 0.0, 3.5]),
        ("timestamp", ["1969-01-01", "1970-01-01", "2024-05-06"]),
        ("date", ["1960-01-01", "1970-01-01", "2024-05-06"]),
        ("time", ["00:00:00", "10:11:12", "23:59:59"]),
        ("inet", ["10.0.0.1", "10.0.0.200", "192.168.0.1"]),
    ],
)
def test_ranges_of_each_type(session, table, kind, values):
    t = table(f"k int PRIMARY KEY, v {kind}")
    session.execute(f"CREATE INDEX ON {t} (v) USING 'sai'")

    def literal(value):
        return f"'{value}'" if isinstance(value, str) else str(value)

    for k, value in enumerate(values):
        session.execute(f"INSERT INTO {t} (k, v) VALUES ({k}, {literal(value)})")
    for k, value in enumerate(values):
        for operator, wanted in (
            ("=", {k}),
            ("<", set(range(k))),
            ("<=", set(range(k + 1))),
            (">", set(range(k + 1, len(values)))),
            (">=", set(range(k, len(values)))),
        ):
            found = {row[0] for row in rows(session, f"SELECT k FROM {t} WHERE v {operator} {literal(value)}")}
            assert found == wanted, (operator, value)
    low, high = literal(values[0]), literal(values[-1])
    found = {row[0] for row in rows(session, f"SELECT k FROM {t} WHERE v > {low} AND v < {high}")}
    assert found == set(range(1, len(values) - 1))


def test_equality_only_types(session, table):
    t = table("k int PRIMARY KEY, x text, b boolean, u uuid")
    for column in "xbu":
        session.execute(f"CREATE INDEX ON {t} ({column}) USING 'sai'")
    one = uuid.uuid4()
    session.execute(f"INSERT INTO {t} (k, x, b, u) VALUES (1, 'a', true, {one})")
    assert rows(session, f"SELECT k FROM {t} WHERE x = 'a' AND b = true AND u = {one}") == [(1,)]
    for condition in ("x > 'A'", "b > false", f"u < {one}", "x IN ('a', 'b')"):
        fails(session, f"SELECT k FROM {t} WHERE {condition}", FILTERING)
    assert rows(session, f"SELECT k FROM {t} WHERE x > 'A' ALLOW FILTERING") == [(1,)]
    assert rows(session, f"SELECT k FROM {t} WHERE x IN ('a', 'b') ALLOW FILTERING") == [(1,)]


def test_several_indexes(session, table):
    t = table("p int, c int, a int, b int, x text, s int static, l set<int>, z int, PRIMARY KEY (p, c)")
    for column in ("c", "a", "b", "x", "s", "l"):
        session.execute(f"CREATE INDEX ON {t} ({column}) USING 'sai'")
    for p in range(8):
        session.execute(f"INSERT INTO {t} (p, s) VALUES ({p}, {p % 3})")
        for c in range(6):
            session.execute(
                f"INSERT INTO {t} (p, c, a, b, x, l, z) VALUES ({p}, {c}, {p * c}, {p + c}, 'x{c % 2}', {{{p}, {c}}}, {c})"
            )
    everything = rows(session, f"SELECT p, c, a, b, x, s, l, z FROM {t}")

    def check(condition, keep, filtering=False):
        end = " ALLOW FILTERING" if filtering else ""
        found = rows(session, f"SELECT p, c, a, b, x, s, l, z FROM {t} WHERE {condition}{end}")
        wanted = [row for row in everything if keep(*row)]
        assert wanted and found == wanted, condition

    check("a > 5 AND b < 9", lambda p, c, a, b, x, s, l, z: a > 5 and b < 9)
    check("a >= 2 AND a <= 12 AND x = 'x1'", lambda p, c, a, b, x, s, l, z: 2 <= a <= 12 and x == "x1")
    check("s = 2 AND c = 3", lambda p, c, a, b, x, s, l, z: s == 2 and c == 3)
    check("s > 0 AND b >= 10", lambda p, c, a, b, x, s, l, z: s > 0 and b >= 10)
    check("l CONTAINS 4 AND l CONTAINS 5", lambda p, c, a, b, x, s, l, z: 4 in l and 5 in l)
    check("c >= 4", lambda p, c, a, b, x, s, l, z: c >= 4)
    check("p = 3 AND a > 3", lambda p, c, a, b, x, s, l, z: p == 3 and a > 3)
    check("p = 3 AND c > 1 AND b = 6", lambda p, c, a, b, x, s, l, z: p == 3 and c > 1 and b == 6)
    check("a > 5 AND z = 3", lambda p, c, a, b, x, s, l, z: a > 5 and z == 3, filtering=True)
    fails(session, f"SELECT * FROM {t} WHERE a > 5 AND z = 3", FILTERING)
    fails(session, f"SELECT * FROM {t} WHERE z = 3", FILTERING)
    assert rows(session, f"SELECT count(*), max(a) FROM {t} WHERE b = 6") == [(len([r for r in everything if r[3] == 6]), max(r[2] for r in everything if r[3] == 6))]


def test_text_options(session, table):
    t = table("k int PRIMARY KEY, a text, b text, c text, d text, l list<text>")
    session.execute(f"CREATE INDEX ON {t} (a) USING 'sai'")
    session.execute(f"CREATE INDEX ON {t} (b) USING 'sai' WITH OPTIONS = {{'case_sensitive': false}}")
    session.execute(f"CREATE INDEX ON {t} (c) USING 'sai' WITH OPTIONS = {{'normalize': true}}")
    session.execute(f"CREATE INDEX ON {t} (d) USING 'sai' WITH OPTIONS = {{'ascii': true, 'case_sensitive': false}}")
    session.execute(f"CREATE INDEX ON {t} (l) USING 'sai' WITH OPTIONS = {{'case_sensitive': false}}")
    session.execute(f"INSERT INTO {t} (k, a, b, c, d, l) VALUES (1, 'Camel', 'Camel', 'Cam\u00e1l', 'Éppinger', ['Uno', 'DUE'])")

    def found(condition):
        return len(rows(session, f"SELECT k FROM {t} WHERE {condition}"))

    assert (found("a = 'Camel'"), found("a = 'camel'")) == (1, 0)
    assert (found("b = 'camel'"), found("b = 'CAMEL'"), found("b = 'camels'")) == (1, 1, 0)
    assert (found("c = 'Cam\u00e1l'"), found("c = 'Cama\u0301l'"), found("c = 'Camal'")) == (1, 1, 0)
    assert (found("d = 'eppinger'"), found("d = 'ÉPPINGER'")) == (1, 1)
    assert (found("l CONTAINS 'uno'"), found("l CONTAINS 'due'"), found("l CONTAINS 'tre'")) == (1, 1, 0)
    assert found("k = 1 AND b = 'cAMEL'") == 1
    session.execute(f"UPDATE {t} SET b = 'Horse' WHERE k = 1")
    assert (found("b = 'camel'"), found("b = 'horse'")) == (0, 1)


def test_mixed_with_legacy(session, table):
    t = table("k int PRIMARY KEY, a int, b int")
    session.execute(f"CREATE INDEX ON {t} (a)")
    session.execute(f"CREATE INDEX ON {t} (b) USING 'sai'")
    for k in range(10):
        session.execute(f"INSERT INTO {t} (k, a, b) VALUES ({k}, {k % 2}, {k % 5})")
    fails(session, f"SELECT k FROM {t} WHERE a = 1 AND b = 3", FILTERING)
    assert {row[0] for row in rows(session, f"SELECT k FROM {t} WHERE a = 1 AND b = 3 ALLOW FILTERING")} == {3}
    assert {row[0] for row in rows(session, f"SELECT k FROM {t} WHERE b >= 3")} == {3, 4, 8, 9}


def test_terms_too_long(session, table):
    t = table("k int PRIMARY KEY, x text")
    session.execute(f"CREATE INDEX ON {t} (x) USING 'sai'")
    session.execute(f"INSERT INTO {t} (k, x) VALUES (1, '{'y' * 1000}')")
    fails(session, f"INSERT INTO {t} (k, x) VALUES (2, '{'y' * 9000}')", "exceeds the failure threshold")
    assert rows(session, f"SELECT k FROM {t} WHERE x = %s", "y" * 1000) == [(1,)]
