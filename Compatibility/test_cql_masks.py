"""Dynamic data masking: masks of columns in the schema, what each role sees through them, and who may ask by them."""

import pytest
from cassandra import InvalidRequest, Unauthorized
from cassandra.protocol import SyntaxException
from cassandra.query import SimpleStatement
from conftest import start_stack
from cql_tools import GUARDED, SIMPLE, fails, logged_in, name, rows

MASKING = GUARDED + "&dynamic_data_masking_enabled=true"
NOT_ENABLED = "Cannot mask columns because dynamic data masking is not enabled"


@pytest.fixture(scope="module")
def guarded():
    stack = start_stack("--only", "store", "--store", MASKING)
    with logged_in(stack, "cassandra", "cassandra") as root:
        root.execute(f"CREATE KEYSPACE m WITH replication = {SIMPLE}")
        root.execute("CREATE ROLE reader WITH PASSWORD = 'r' AND LOGIN = true")
        root.execute("GRANT ALL ON KEYSPACE m TO reader")
        root.execute("REVOKE UNMASK, SELECT_MASKED ON KEYSPACE m FROM reader")
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def root(guarded):
    with logged_in(guarded, "cassandra", "cassandra") as session:
        session.execute("USE m")
        yield session


@pytest.fixture(scope="module")
def reader(guarded):
    with logged_in(guarded, "reader", "r") as session:
        session.execute("USE m")
        yield session


@pytest.fixture
def table(root):
    made = []

    def make(columns, options=""):
        made.append(name("t"))
        root.execute(f"CREATE TABLE {made[-1]} ({columns}) {options}")
        return made[-1]

    yield make
    for one in made:
        root.execute(f"DROP TABLE IF EXISTS {one}")


def masked(session, table):
    found = session.execute(
        "SELECT column_name FROM system_schema.column_masks WHERE keyspace_name = 'm' AND table_name = %s", (table,)
    )
    return sorted(row.column_name for row in found)


def test_who_sees_what(root, reader, table):
    t = table("k int PRIMARY KEY, v text MASKED WITH DEFAULT, n int MASKED WITH mask_replace(-1)")
    root.execute(f"INSERT INTO {t} (k, v, n) VALUES (1, 'secret', 7)")
    assert rows(root, f"SELECT * FROM {t}") == [(1, 7, "secret")]
    assert rows(reader, f"SELECT * FROM {t}") == [(1, -1, "****")]
    # What is computed is computed of the masks; times of cells are not hidden.
    assert rows(reader, f"SELECT max(n), count(v), mask_inner(v, 1, 1), n + 1 FROM {t}") == [(-1, 1, "****", 0)]
    assert rows(reader, f"SELECT JSON v FROM {t}") == [('{"v": "****"}',)]
    assert rows(reader, f"SELECT writetime(v) FROM {t}") == rows(root, f"SELECT writetime(v) FROM {t}")
    # By any of these, and by a role that was granted.
    for resource in ["ALL KEYSPACES", "KEYSPACE m", "ALL TABLES IN KEYSPACE m", f"m.{t}"]:
        root.execute(f"GRANT UNMASK ON {resource} TO reader")
        assert rows(reader, f"SELECT v FROM {t}") == [("secret",)]
        root.execute(f"REVOKE UNMASK ON {resource} FROM reader")
    root.execute("CREATE ROLE IF NOT EXISTS seer")
    root.execute(f"GRANT UNMASK ON {t} TO seer")
    root.execute("GRANT seer TO reader")
    assert rows(reader, f"SELECT v FROM {t}") == [("secret",)]
    root.execute("REVOKE seer FROM reader")
    assert rows(reader, f"SELECT v FROM {t}") == [("****",)]
    # What a condition met is masked for everybody.
    assert rows(root, f"INSERT INTO {t} (k, v) VALUES (1, 'x') IF NOT EXISTS") == [(False, 1, -1, "****")]
    assert rows(root, f"UPDATE {t} SET v = 'y' WHERE k = 1 IF v = 'x'") == [(False, "****")]
    # Who makes a table sees its values.
    reader.execute("CREATE TABLE own (k int PRIMARY KEY, v text MASKED WITH DEFAULT)")
    reader.execute("INSERT INTO own (k, v) VALUES (1, 'mine')")
    assert rows(reader, "SELECT v FROM own") == [("mine",)]
    root.execute("DROP TABLE own")


@pytest.mark.parametrize("place, column", list(enumerate("kcsv")))
def test_asking_by_a_masked_column(root, reader, table, place, column):
    t = table("k int, c int, s int static, v int, PRIMARY KEY (k, c)")
    root.execute(f"INSERT INTO {t} (k, c, s, v) VALUES (7, 7, 7, 7)")
    root.execute(f"ALTER TABLE {t} ALTER {column} MASKED WITH DEFAULT")
    asked = {
        "": "", "c": "WHERE c = 7 ALLOW FILTERING", "v": "WHERE v = 7 ALLOW FILTERING", "s": "WHERE s = 7 ALLOW FILTERING",
        "k": "WHERE k = 7", "kc": "WHERE k = 7 AND c = 7", "kv": "WHERE k = 7 AND v = 7 ALLOW FILTERING",
        "k ": "WHERE token(k) = token(7)", " k": "WHERE token(k) >= token(7)", "ck": "WHERE k IN (7, 8) AND (c) > (1)",
    }
    shown = tuple(0 if index == place else 7 for index in range(4))
    for columns, where in asked.items():
        query = f"SELECT * FROM {t} {where}"
        if column in columns:
            fails(
                reader, query, "User reader has no UNMASK nor SELECT_MASKED permission on table "
                f"m.{t}, cannot query masked columns [{column}]", kind=Unauthorized,
            )
        else:
            assert rows(reader, query) == [shown]
        assert rows(root, query) == [(7, 7, 7, 7)]
    for permission, seen in [("SELECT_MASKED", shown), ("UNMASK", (7, 7, 7, 7))]:
        root.execute(f"GRANT {permission} ON {t} TO reader")
        for where in asked.values():
            assert rows(reader, f"SELECT * FROM {t} {where}") == [seen]
        root.execute(f"REVOKE {permission} ON {t} FROM reader")


def test_prepared_statements_follow(root, reader, table):
    t = table("k int PRIMARY KEY, v text MASKED WITH DEFAULT")
    root.execute(f"INSERT INTO {t} (k, v) VALUES (0, 'secret')")
    mine, theirs = (session.prepare(f"SELECT v FROM {t} WHERE k = ?") for session in (root, reader))
    see = lambda: (mine and rows(root, mine, 0), rows(reader, theirs, 0))
    assert see() == ([("secret",)], [("****",)])
    reader.execute(f"ALTER TABLE {t} ALTER v DROP MASKED")
    assert see() == ([("secret",)], [("secret",)])
    reader.execute(f"ALTER TABLE {t} ALTER v MASKED WITH mask_replace('gone')")
    assert see() == ([("secret",)], [("gone",)])


def test_views_have_their_tables_masks(root, reader, table):
    t = table("k int, c int, v text MASKED WITH mask_replace('gone'), PRIMARY KEY (k, c)")
    root.execute(f"INSERT INTO {t} (k, c, v) VALUES (0, 0, 'secret')")
    view = name("v")
    root.execute(
        f"CREATE MATERIALIZED VIEW {view} AS SELECT * FROM {t} WHERE k IS NOT NULL AND c IS NOT NULL "
        "AND v IS NOT NULL PRIMARY KEY (v, k, c)"
    )
    assert rows(reader, f"SELECT v FROM {view}") == [("gone",)]
    root.execute("GRANT SELECT_MASKED ON KEYSPACE m TO reader")
    assert rows(reader, f"SELECT v FROM {view} WHERE v = 'secret'") == [("gone",)]
    assert rows(reader, f"SELECT v FROM {view} WHERE v = 'gone'") == []
    root.execute("REVOKE SELECT_MASKED ON KEYSPACE m FROM reader")
    root.execute(f"ALTER TABLE {t} ADD w int MASKED WITH DEFAULT")
    assert masked(root, t) == masked(root, view) == ["v", "w"]
    root.execute(f"ALTER TABLE {t} ALTER v DROP MASKED")
    assert masked(root, view) == ["w"]
    assert rows(reader, f"SELECT v FROM {view} WHERE v = 'secret'") == [("secret",)]
    root.execute(f"DROP MATERIALIZED VIEW {view}")


def test_rows_keep_their_order_and_pages(root, reader, table):
    t = table("k int, c int MASKED WITH mask_replace(9), v int, PRIMARY KEY (k, c)")
    for k, c, v in [(0, 0, 0), (0, 1, 1), (1, 0, 3), (1, 1, 4)]:
        root.execute(f"INSERT INTO {t} (k, c, v) VALUES ({k}, {c}, {v})")
    sorted_query = SimpleStatement(f"SELECT * FROM {t} WHERE k IN (0, 1) ORDER BY c DESC", fetch_size=None)
    assert rows(reader, sorted_query) == [(0, 9, 1), (1, 9, 4), (0, 9, 0), (1, 9, 3)]
    assert rows(reader, f"SELECT * FROM {t} GROUP BY k, c") == rows(reader, f"SELECT * FROM {t}")
    for size in (1, 2, 3, 4, 5):
        page = SimpleStatement(f"SELECT c, v FROM {t} WHERE k = 1", fetch_size=size)
        assert rows(reader, page) == [(9, 3), (9, 4)]


def test_every_type(root, reader, table):
    root.execute("CREATE TYPE IF NOT EXISTS point (x int, y text)")
    kinds = "ascii bigint blob boolean date decimal double duration float inet int smallint text time timestamp timeuuid " \
        "tinyint uuid varint".split()
    kinds += ["set<int>", "list<int>", "map<int, int>", "frozen<set<int>>", "point", "tuple<int, text>", "vector<float, 2>"]
    columns = [f"c{index:02}" for index in range(len(kinds))]
    t = table("k int PRIMARY KEY, " + ", ".join(f"{c} {kind} MASKED WITH DEFAULT" for c, kind in zip(columns, kinds)))
    assert masked(root, t) == columns
    root.execute(f"INSERT INTO {t} (k) VALUES (1)")
    shown = rows(reader, f"SELECT JSON * FROM {t}")[0][0]
    # A standard value is shown of what is null as well.
    assert '"c00": "****", "c01": 0, "c02": "0x", "c03": false, "c04": "1970-01-01", "c05": 0, "c06": 0.0' in shown
    assert '"c20": [], "c21": {}, "c22": [], "c23": {"x": 0, "y": "****"}, "c24": [0, "****"], "c25": [0.0, 0.0]' in shown
    for column in ["c00", "c19", "c23", "c25"]:
        root.execute(f"ALTER TABLE {t} ALTER {column} MASKED WITH mask_null()")
        assert rows(reader, f"SELECT JSON {column} FROM {t}") == [(f'{{"{column}": null}}',)]
        root.execute(f"ALTER TABLE {t} ALTER {column} DROP MASKED")
    assert masked(root, t) == [c for c in columns if c not in ("c00", "c19", "c23", "c25")]
    counter = table("k int PRIMARY KEY, v counter MASKED WITH DEFAULT")
    root.execute(f"UPDATE {counter} SET v = v + 5 WHERE k = 1")
    assert rows(reader, f"SELECT v FROM {counter}") == [(0,)]


def test_the_schema_as_text(root, table):
    root.execute("CREATE TYPE IF NOT EXISTS point (x int, y text)")
    t = table(
        "a text, b int MASKED WITH DEFAULT, c int, d int MASKED WITH mask_default(), s decimal static MASKED WITH mask_null(), "
        "v text MASKED WITH mask_inner(1, null), w text MASKED WITH mask_replace('it''s'), x blob MASKED WITH mask_hash('MD5'), "
        "y frozen<point> MASKED WITH mask_replace({x: 1, y: 'q'}), z text MASKED WITH mask_outer(1, 2, '#'), PRIMARY KEY ((a, b), c, d)",
        "WITH CLUSTERING ORDER BY (c DESC, d DESC)",
    )
    text = root.execute(f"DESCRIBE TABLE {t}").one().create_statement
    for line in [
        "    b int MASKED WITH system.mask_default(),", "    d int MASKED WITH system.mask_default(),",
        "    s decimal static MASKED WITH system.mask_null(),", "    v text MASKED WITH system.mask_inner(1, null),",
        "    w text MASKED WITH system.mask_replace('it''s'),", "    x blob MASKED WITH system.mask_hash('MD5'),",
        "    y frozen<point> MASKED WITH system.mask_replace({x: 1, y: 'q'}),",
        "    z text MASKED WITH system.mask_outer(1, 2, '#'),",
    ]:
        assert line in text
    kept = {row.column_name: row for row in root.execute(
        "SELECT * FROM system_schema.column_masks WHERE keyspace_name = 'm' AND table_name = %s", (t,))}
    row = kept["v"]
    assert (row.function_keyspace, row.function_name) == ("system", "mask_inner")
    assert (row.function_argument_types, row.function_argument_values) == (["int", "int"], ["1", ""])
    assert row.function_argument_nulls == [False, True]
    assert kept["w"].function_argument_values == ["it's"]
    root.execute(f"DROP TABLE {t}")
    root.execute(text)
    assert root.execute(f"DESCRIBE TABLE {t}").one().create_statement == text


def test_what_is_refused(root, table):
    t = table("k int PRIMARY KEY, v int, w text")
    for column, mask, message in [
        ("v", "mask_missing()", "Unable to find masking function for v, no declared function matches the signature mask_missing()"),
        ("v", "mask_default(1)", "Invalid number of arguments for function system.mask_default(any)"),
        ("w", "mask_inner('a', 'b')", "Function system.mask_inner requires an argument of type int, but found argument 'a' of type ascii"),
        ("v", "mask_inner(1, 1)", "Function system.mask_inner requires an argument of type [text|varchar|ascii]"),
        ("w", "tojson()", "Not-masking function tojson() cannot be used for masking table columns"),
        ("v", "max()", "Aggregate function max() cannot be used for masking table columns"),
        ("v", "mask_hash()", "Masking function mask_hash() return type is blob. This is different to the type of the masked column v"),
        ("v", "mask_replace(?)", "Bind variables"),
    ]:
        fails(root, f"ALTER TABLE {t} ALTER {column} MASKED WITH {mask}", message)
        kind = "int" if column == "v" else "text"
        fails(root, f"CREATE TABLE never (k int PRIMARY KEY, {column} {kind} MASKED WITH {mask})", message)
    for change in ["MASKED WITH DEFAULT", "DROP MASKED"]:
        fails(root, f"ALTER TABLE {t} ALTER nope {change}", f"Column with name 'nope' doesn't exist on table '{t}'")
        root.execute(f"ALTER TABLE {t} ALTER IF EXISTS nope {change}")
        fails(root, f"ALTER TABLE {t} ALTER v {change[:-4]}", kind=SyntaxException)
    root.execute(f"ALTER TABLE {t} ALTER v DROP MASKED")
    fails(root, "GRANT UNMASK ON ALL ROLES TO reader", "does not support any of the requested permissions", kind=SyntaxException)
    assert masked(root, t) == []


def test_a_restart_keeps_them_and_another_one_switches_them_off(folder):
    stack = start_stack("--only", "store", "--store", MASKING, data=folder)
    with logged_in(stack, "cassandra", "cassandra") as root:
        root.execute(f"CREATE KEYSPACE m WITH replication = {SIMPLE}")
        root.execute("CREATE TABLE m.t (k int PRIMARY KEY, v text MASKED WITH mask_inner(1, null, '#'))")
        root.execute("INSERT INTO m.t (k, v) VALUES (1, 'hello')")
        root.execute("CREATE ROLE reader WITH PASSWORD = 'r' AND LOGIN = true")
        root.execute("GRANT SELECT ON m.t TO reader")
    stack.stop()
    for store, shown in [(MASKING, "h####"), (GUARDED, "hello")]:
        stack = start_stack("--only", "store", "--store", store, data=folder)
        with logged_in(stack, "reader", "r") as reader:
            assert rows(reader, "SELECT v FROM m.t") == [(shown,)]
        with logged_in(stack, "cassandra", "cassandra") as root:
            assert "MASKED WITH system.mask_inner(1, null, '#')" in root.execute("DESCRIBE TABLE m.t").one().create_statement
            if store == GUARDED:
                for text in ["ALTER TABLE m.t ALTER k MASKED WITH DEFAULT", "ALTER TABLE m.t ADD n int MASKED WITH DEFAULT",
                             "CREATE TABLE m.x (k int MASKED WITH DEFAULT PRIMARY KEY)"]:
                    fails(root, text, NOT_ENABLED, kind=InvalidRequest)
                root.execute("ALTER TABLE m.t ALTER v DROP MASKED")
                assert masked(root, "t") == []
        stack.stop()
