"""Tables WITH COMPACT STORAGE: what rows are, short keys, and what such tables may not have."""

import pytest
from cassandra import InvalidRequest

from cql_tools import fails, rows, session, table  # noqa: F401

COMPACT = "WITH COMPACT STORAGE"


@pytest.fixture
def wide_one(table):
    return table("k int, c int, v int, PRIMARY KEY (k, c)", COMPACT)


def test_a_row_without_values_is_none(session, table):
    name = table("k text PRIMARY KEY, a int, b text", COMPACT)
    session.execute(f"INSERT INTO {name} (k, a, b) VALUES ('x', 1, 'y')")
    session.execute(f"UPDATE {name} SET a = null WHERE k = 'x'")
    assert rows(session, f"SELECT * FROM {name}") == [("x", None, "y")]
    session.execute(f"DELETE b FROM {name} WHERE k = 'x'")
    assert rows(session, f"SELECT * FROM {name}") == []


def test_the_value_of_a_wide_row_is_mandatory(session, wide_one):
    session.execute(f"INSERT INTO {wide_one} (k, c, v) VALUES (1, 1, 1)")
    session.execute(f"INSERT INTO {wide_one} (k, c, v) VALUES (1, 2, null)")
    assert rows(session, f"SELECT * FROM {wide_one}") == [(1, 1, 1)]
    session.execute(f"UPDATE {wide_one} SET v = null WHERE k = 1 AND c = 1")
    assert rows(session, f"SELECT * FROM {wide_one}") == []
    fails(session, f"INSERT INTO {wide_one} (k, c) VALUES (1, 1)", "Column v is mandatory for this COMPACT STORAGE table")
    fails(session, f"INSERT INTO {wide_one} (k, v) VALUES (1, 1)", "Some clustering keys are missing: c")


def test_rows_of_keys_alone(session, table):
    name = table("k int, c int, PRIMARY KEY (k, c)", COMPACT)
    session.execute(f"INSERT INTO {name} (k, c) VALUES (1, 1)")
    assert rows(session, f"SELECT * FROM {name}") == [(1, 1)]
    session.execute(f"DELETE FROM {name} WHERE k = 1 AND c = 1")
    assert rows(session, f"SELECT * FROM {name}") == []


def test_clustering_columns_at_the_end_may_be_left_out(session, table):
    name = table("k int, a int, b text, v int, PRIMARY KEY (k, a, b)", COMPACT)
    session.execute(f"INSERT INTO {name} (k, a, v) VALUES (1, 1, 10)")
    session.execute(f"INSERT INTO {name} (k, a, b, v) VALUES (1, 1, '', 11)")
    session.execute(f"UPDATE {name} SET v = 12 WHERE k = 1 AND a = 2")
    everything = [(1, 1, None, 10), (1, 1, "", 11), (1, 2, None, 12)]
    assert rows(session, f"SELECT * FROM {name}") == everything
    assert rows(session, f"SELECT * FROM {name} WHERE k = 1 ORDER BY a DESC") == everything[::-1]
    assert rows(session, f"SELECT v FROM {name} WHERE k = 1 AND a = 1") == [(10,), (11,)]
    assert rows(session, f"SELECT v FROM {name} WHERE k = 1 AND a = 1 AND b = ''") == [(11,)]
    gap = 'PRIMARY KEY column "b" cannot be restricted as preceding column "a" is not restricted'
    fails(session, f"INSERT INTO {name} (k, b, v) VALUES (1, 'x', 1)", gap)
    fails(session, f"UPDATE {name} SET v = 1 WHERE k = 1 AND b = 'x'", gap)
    fails(session, f"UPDATE {name} SET v = 1 WHERE k = 1", "Some clustering keys are missing: a, b")
    session.execute(f"DELETE FROM {name} WHERE k = 1 AND a = 1")
    assert rows(session, f"SELECT * FROM {name}") == everything[2:]


def test_the_only_clustering_value_is_not_empty(session, table):
    name = table("k int, c text, v int, PRIMARY KEY (k, c)", COMPACT)
    fails(session, f"INSERT INTO {name} (k, c, v) VALUES (1, '', 1)", "Invalid empty or null value for column c")
    fails(session, f"UPDATE {name} SET v = 1 WHERE k = 1 AND c = ''", "Invalid empty or null value for column c")
    session.execute(f"DELETE FROM {name} WHERE k = 1 AND c = ''")


@pytest.mark.parametrize(
    "columns, message",
    [
        ("k int PRIMARY KEY, l list<int>", "Non-frozen collections and UDTs are not supported with COMPACT STORAGE"),
        ("k int, c int, s int STATIC, PRIMARY KEY (k, c)", "Static columns are not supported in COMPACT STORAGE tables"),
        ("k int PRIMARY KEY", "No definition found that is not part of the PRIMARY KEY"),
        ("k int, c int, v int, w int, PRIMARY KEY (k, c)", "allows no more than one column not part of the PRIMARY KEY (got: v, w)"),
    ],
)
def test_tables_that_cannot_be_compact(session, columns, message):
    fails(session, f"CREATE TABLE never ({columns}) {COMPACT}", message)


def test_what_compact_tables_cannot_have(session, table, wide_one):
    fails(session, f"ALTER TABLE {wide_one} ADD w int", "Cannot add new column to a COMPACT STORAGE table")
    fails(session, f"ALTER TABLE {wide_one} DROP v", kind=InvalidRequest)
    fails(session, f"CREATE INDEX ON {wide_one} (v)", "COMPACT STORAGE")
    fails(session, f"CREATE INDEX ON {wide_one} (c)", "COMPACT STORAGE")
    name = table("k int PRIMARY KEY, v int", COMPACT)
    fails(session, f"CREATE INDEX ON {name} (k)", "on PRIMARY KEY columns in COMPACT STORAGE tables")
    session.execute(f"CREATE INDEX ON {name} (v)")
    session.execute(f"INSERT INTO {name} (k, v) VALUES (1, 7)")
    assert rows(session, f"SELECT k FROM {name} WHERE v = 7") == [(1,)]


def test_conditions_and_counters(session, table, wide_one):
    session.execute(f"INSERT INTO {wide_one} (k, c, v) VALUES (1, 1, null)")
    assert rows(session, f"UPDATE {wide_one} SET v = 1 WHERE k = 1 AND c = 1 IF v = null") == [(True,)]
    assert rows(session, f"INSERT INTO {wide_one} (k, c, v) VALUES (1, 1, 2) IF NOT EXISTS") == [(False, 1, 1, 1)]
    name = table("k int, c text, n counter, PRIMARY KEY (k, c)", COMPACT)
    session.execute(f"UPDATE {name} SET n = n + 3 WHERE k = 1 AND c = 'x'")
    session.execute(f"UPDATE {name} SET n -= 1 WHERE k = 1 AND c = 'x'")
    assert rows(session, f"SELECT n FROM {name}") == [(2,)]


def test_what_the_schema_says(session, table, wide_one):
    narrow = table("k int PRIMARY KEY, v int", COMPACT)
    keys = table("k int, c int, PRIMARY KEY (k, c)", COMPACT)
    deep = table("k int, a int, b int, v int, PRIMARY KEY (k, a, b)", COMPACT)
    found = dict(rows(session, "SELECT table_name, flags FROM system_schema.tables WHERE keyspace_name = 'compat'"))
    assert [set(found[name] or ()) for name in (narrow, wide_one, keys, deep)] == [set(), {"dense"}, {"dense"}, {"compound", "dense"}]
    text = "SELECT column_name, kind, type FROM system_schema.columns WHERE keyspace_name = 'compat' AND table_name = '%s'"
    assert rows(session, text % narrow) == [
        ("column1", "clustering", "text"), ("k", "partition_key", "int"), ("v", "static", "int"), ("value", "regular", "blob")
    ]
    assert ("value", "regular", "empty") in rows(session, text % keys)
    created = rows(session, f"DESCRIBE TABLE {wide_one}")[0][3]
    assert "WITH CLUSTERING ORDER BY (c ASC)\n    AND COMPACT STORAGE\n    AND " in created
    session.execute(f"DROP TABLE {wide_one}")
    session.execute(created)
    fails(session, f"INSERT INTO {wide_one} (k, c) VALUES (1, 1)", "mandatory")
