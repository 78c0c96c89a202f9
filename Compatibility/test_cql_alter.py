"""ALTER TABLE, user-defined types, functions and triggers as clients see them."""


import pytest
from cassandra import InvalidRequest
from cassandra.protocol import SyntaxException
from cql_tools import keyspace, table  # noqa: F401 (`table` is a fixture)


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "altered") as session:
        yield session


def rows(session, query):
    return [tuple(row) for row in session.execute(query)]


def test_add_and_drop(session, table):
    name = table("p int, c int, v int, PRIMARY KEY (p, c)")
    session.execute(f"INSERT INTO {name} (p, c, v) VALUES (1, 2, 3)")
    session.execute(f"ALTER TABLE {name} ADD (x text, s int static)")
    session.execute(f"ALTER TABLE {name} ADD IF NOT EXISTS x text")
    session.execute(f"ALTER TABLE {name} DROP (v, x)")
    session.execute(f"ALTER TABLE {name} DROP IF EXISTS v")
    assert rows(session, f"SELECT * FROM {name}") == [(1, 2, None)]
    session.execute(f"ALTER TABLE {name} ADD v int")
    assert rows(session, f"SELECT v FROM {name}") == [(None,)]
    dropped = rows(
        session,
        "SELECT column_name, kind, type FROM system_schema.dropped_columns "
        f"WHERE keyspace_name = 'altered' AND table_name = '{name}'",
    )
    assert dropped == [("v", "regular", "int"), ("x", "regular", "text")]


@pytest.mark.parametrize(
    "before, after, fits",
    [
        ("int", "int", True),
        ("text", "blob", True),
        ("int", "blob", False),
        ("ascii", "text", True),
        ("int", "varint", False),
        ("list<int>", "list<varint>", False),
        ("map<int, int>", "frozen<map<varint, varint>>", False),
        ("set<text>", "blob", False),
        ("timeuuid", "uuid", True),
        ("bigint", "timestamp", True),
        ("list<ascii>", "list<text>", True),
        ("int", "bigint", False),
        ("int", "text", False),
        ("text", "ascii", False),
        ("int", "list<int>", False),
        ("float", "double", False),
    ],
)
def test_a_dropped_column_comes_back(session, table, before, after, fits):
    name = table(f"p int PRIMARY KEY, v {before}")
    session.execute(f"ALTER TABLE {name} DROP v")
    if fits:
        session.execute(f"ALTER TABLE {name} ADD v {after}")
        return
    with pytest.raises(InvalidRequest, match="Cannot re-add previously dropped column 'v'"):
        session.execute(f"ALTER TABLE {name} ADD v {after}")


def test_what_is_newer_than_the_drop_comes_back(session, table):
    name = table("p int, c int, v int, s int STATIC, PRIMARY KEY (p, c)")
    for i in range(5):
        session.execute(
            f"INSERT INTO {name} (p, c, v, s) VALUES (1, {i}, {i}, {i}) USING TIMESTAMP {10000 * i}"
        )
    session.execute(f"ALTER TABLE {name} DROP (v, s) USING TIMESTAMP 20000")
    assert rows(session, f"SELECT * FROM {name} LIMIT 1") == [(1, 0)]
    session.execute(f"ALTER TABLE {name} ADD (v int, s int STATIC)")
    assert rows(session, f"SELECT c, v, s FROM {name}") == [
        (0, None, 4), (1, None, 4), (2, None, 4), (3, 3, 4), (4, 4, 4),
    ]
    session.execute(f"INSERT INTO {name} (p, c, v) VALUES (1, 1, 7)")
    assert rows(session, f"SELECT v FROM {name} WHERE p = 1 AND c = 1") == [(7,)]


def test_types_are_shown_as_frozen_as_they_are(session, table):
    session.execute("CREATE TYPE IF NOT EXISTS shown_type (t tuple<int>)")
    name = table("p int PRIMARY KEY, a tuple<int, text>, b frozen<list<tuple<int>>>, c frozen<map<text, list<shown_type>>>")
    found = rows(
        session,
        f"SELECT column_name, type FROM system_schema.columns WHERE keyspace_name = 'altered' AND table_name = '{name}'",
    )
    assert dict(found) == {
        "p": "int",
        "a": "frozen<tuple<int, text>>",
        "b": "frozen<list<frozen<tuple<int>>>>",
        "c": "frozen<map<text, frozen<list<frozen<shown_type>>>>>",
    }


@pytest.mark.parametrize(
    "change, error, text",
    [
        ("ADD v int", InvalidRequest, "Column with name 'v' already exists"),
        ("ADD s2 counter", InvalidRequest, "Cannot add a counter column"),
        ("ADD a int, b int", SyntaxException, None),
        ("DROP p", InvalidRequest, "Cannot drop PRIMARY KEY column p"),
        ("DROP zz", InvalidRequest, "Column zz was not found in table 'altered"),
        ("DROP v USING TIMESTAMP ?", SyntaxException, None),
        ("RENAME v TO w", InvalidRequest, "Cannot rename non PRIMARY KEY column v"),
        ("RENAME zz TO w", InvalidRequest, "Column zz was not found"),
        ("RENAME p TO v", InvalidRequest, "another column with that name already exists"),
        ("ALTER v TYPE text", InvalidRequest, "Altering column types is no longer supported"),
        ("DROP COMPACT STORAGE", InvalidRequest, "DROP COMPACT STORAGE"),
        ("WITH nothing = 1", SyntaxException, "Unknown property"),
    ],
)
def test_changes_refused(session, table, change, error, text):
    name = table("p int, c int, v int, PRIMARY KEY (p, c)")
    with pytest.raises(error, match=text):
        session.execute(f"ALTER TABLE {name} {change}")


def test_rename(session, table):
    name = table("p int, c int, v int, PRIMARY KEY (p, c)")
    session.execute(f"INSERT INTO {name} (p, c, v) VALUES (1, 2, 3)")
    session.execute(f"ALTER TABLE {name} RENAME p TO q AND c TO d")
    session.execute(f"ALTER TABLE {name} RENAME IF EXISTS p TO q")
    assert rows(session, f"SELECT q, d, v FROM {name} WHERE q = 1 AND d = 2") == [(1, 2, 3)]


def test_an_indexed_column_stays(session, table):
    name = table("p int, c int, v int, PRIMARY KEY (p, c)")
    session.execute(f"CREATE INDEX ON {name} (v)")
    session.execute(f"CREATE INDEX ON {name} (c)")
    with pytest.raises(InvalidRequest, match="dependent secondary indexes"):
        session.execute(f"ALTER TABLE {name} DROP v")
    with pytest.raises(InvalidRequest, match="dependent secondary indexes"):
        session.execute(f"ALTER TABLE {name} RENAME c TO d")


# --- types


def test_types_grow(session, table):
    session.execute("CREATE TYPE grown (a int)")
    session.execute("CREATE TYPE outer_type (g frozen<grown>)")
    name = table("p int PRIMARY KEY, v frozen<grown>, w frozen<outer_type>, l list<frozen<grown>>")
    session.execute(f"INSERT INTO {name} (p, v, w, l) VALUES (1, {{a: 1}}, {{g: {{a: 2}}}}, [{{a: 3}}])")
    session.execute("ALTER TYPE grown ADD b text")
    session.execute("ALTER TYPE grown ADD IF NOT EXISTS b text")
    session.execute("ALTER TYPE grown RENAME a TO x")
    session.execute(f"INSERT INTO {name} (p, v) VALUES (2, {{x: 4, b: 'y'}})")
    found = rows(session, f"SELECT v.x, v.b, w, l FROM {name} WHERE p IN (1, 2)")
    assert found[0][:2] == (1, None) and found[0][2].g.x == 2 and found[0][3][0].b is None
    assert found[1][:2] == (4, "y")
    fields = session.execute(
        "SELECT field_names, field_types FROM system_schema.types WHERE keyspace_name = 'altered' AND type_name = 'grown'"
    ).one()
    assert (fields.field_names, fields.field_types) == (["x", "b"], ["int", "text"])


@pytest.mark.parametrize(
    "text, error, message",
    [
        ("CREATE TYPE ruled (a int)", InvalidRequest, "already exists"),
        ("CREATE TYPE t (a int, a text)", InvalidRequest, "Duplicate field name"),
        ("CREATE TYPE t (a counter)", InvalidRequest, "cannot contain counters"),
        ("CREATE TYPE t (a ruled)", InvalidRequest, "non-frozen UDTs"),
        ("CREATE TYPE t (a frozen<t>)", InvalidRequest, "Unknown type"),
        ("CREATE TYPE nowhere.t (a int)", InvalidRequest, "Keyspace 'nowhere' doesn't exist"),
        ("ALTER TYPE ruled ADD a int", InvalidRequest, "already exists"),
        ("ALTER TYPE ruled ADD c frozen<ruled>", InvalidRequest, "circular reference"),
        ("ALTER TYPE ruled ADD c frozen<user_of>", InvalidRequest, "circular reference"),
        ("ALTER TYPE ruled ADD z int", InvalidRequest, "partition key by the following tables: altered.keyed"),
        ("ALTER TYPE ruled RENAME z TO y", InvalidRequest, "field z in user type altered.ruled"),
        ("ALTER TYPE ruled RENAME a TO b", InvalidRequest, "Duplicate field name b"),
        ("ALTER TYPE ruled ALTER a TYPE text", InvalidRequest, "no longer supported"),
        ("ALTER TYPE nothing ADD a int", InvalidRequest, "doesn't exist"),
        ("DROP TYPE ruled", InvalidRequest, "still used by user types user_of"),
        ("DROP TYPE user_of", InvalidRequest, "still used by tables keyed"),
        ("DROP TYPE nothing", InvalidRequest, "doesn't exist"),
    ],
)
def test_type_rules(session, text, error, message):
    for made in [
        "CREATE TYPE IF NOT EXISTS ruled (a int, b int)",
        "CREATE TYPE IF NOT EXISTS user_of (r frozen<ruled>)",
        "CREATE TABLE IF NOT EXISTS keyed (p frozen<user_of> PRIMARY KEY)",
    ]:
        session.execute(made)
    with pytest.raises(error, match=message):
        session.execute(text)


def test_conditions_on_types(session):
    session.execute("ALTER TYPE IF EXISTS nothing ADD a int")
    session.execute("DROP TYPE IF EXISTS nothing")
    session.execute("DROP TYPE IF EXISTS nowhere.nothing")


# --- functions and triggers


BODY = "CALLED ON NULL INPUT RETURNS int LANGUAGE java AS 'return a;'"


@pytest.mark.parametrize(
    "text, error, message",
    [
        (f"CREATE FUNCTION f (a int) {BODY}", InvalidRequest, "user_defined_functions_enabled=true"),
        (f"CREATE OR REPLACE FUNCTION altered.f (a int, b text) {BODY}", InvalidRequest, "disabled"),
        ("CREATE AGGREGATE g (int) SFUNC f STYPE int INITCOND 0", InvalidRequest, "disabled"),
        ("CREATE FUNCTION f (a int) RETURNS int LANGUAGE java AS 'x'", SyntaxException, None),
        ("CREATE FUNCTION f a int", SyntaxException, None),
        ("CREATE AGGREGATE g (int) STYPE int", SyntaxException, None),
        ("DROP FUNCTION f", InvalidRequest, "Function 'altered.f' doesn't exist"),
        ("DROP FUNCTION f (int, text)", InvalidRequest, r"Function 'altered.f\(int, text\)' doesn't exist"),
        ("DROP AGGREGATE g", InvalidRequest, "Aggregate 'altered.g' doesn't exist"),
        ("CREATE TRIGGER tr ON nothing USING 'x.Y'", InvalidRequest, "Table 'nothing' doesn't exist"),
        ("DROP TRIGGER tr ON nothing", InvalidRequest, "doesn't exist"),
        ("CREATE TRIGGER tr ON nothing", SyntaxException, None),
    ],
)
def test_functions_and_triggers_are_refused(session, text, error, message):
    with pytest.raises(error, match=message):
        session.execute(text)


def test_no_functions_to_drop(session, table):
    session.execute("DROP FUNCTION IF EXISTS f")
    session.execute("DROP AGGREGATE IF EXISTS g (int)")
    session.execute("DROP TRIGGER IF EXISTS tr ON nothing")
    with pytest.raises(InvalidRequest, match="couldn't be loaded"):
        session.execute(f"CREATE TRIGGER tr ON {table('a int PRIMARY KEY')} USING 'x.Y'")


def test_the_version_changes_with_each_change(session, table):
    def version():
        return session.execute("SELECT schema_version FROM system.local").one()[0]

    seen = [version()]
    name = table("p int PRIMARY KEY, v int")
    for text in [
        f"ALTER TABLE {name} ADD w int",
        f"ALTER TABLE {name} WITH comment = 'x'",
        f"CREATE MATERIALIZED VIEW view_of AS SELECT * FROM {name} WHERE p IS NOT NULL PRIMARY KEY (p)",
        "DROP MATERIALIZED VIEW view_of",
    ]:
        seen.append(version())
        session.execute(text)
    seen.append(version())
    assert len(set(seen)) == len(seen)
    session.execute(f"TRUNCATE {name}")
    assert version() == seen[-1]
