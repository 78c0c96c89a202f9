# DESCRIBE on the server's side: its texts are Cassandra 5.0's, and they make the same schema again.

import pytest
from cassandra import InvalidRequest
from cassandra.cluster import Cluster
from cassandra.query import SimpleStatement

SIMPLE = "{'class': 'SimpleStrategy', 'replication_factor': 1}"

OPTIONS = """additional_write_policy = '99p'
    AND allow_auto_snapshot = true
    AND bloom_filter_fp_chance = 0.01
    AND caching = {'keys': 'ALL', 'rows_per_partition': 'NONE'}
    AND cdc = false
    AND comment = ''
    AND compaction = {'class': 'org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy', 'max_threshold': '32', 'min_threshold': '4'}
    AND compression = {'chunk_length_in_kb': '16', 'class': 'org.apache.cassandra.io.compress.LZ4Compressor'}
    AND memtable = 'default'
    AND crc_check_chance = 1.0
    AND default_time_to_live = 0
    AND extensions = {}
    AND gc_grace_seconds = 864000
    AND incremental_backups = true
    AND max_index_interval = 2048
    AND memtable_flush_period_in_ms = 0
    AND min_index_interval = 128
    AND read_repair = 'BLOCKING'
    AND speculative_retry = '99p';"""
VIEW_OPTIONS = OPTIONS.replace("    AND default_time_to_live = 0\n", "")


@pytest.fixture(scope="module")
def cluster(stack):
    host, port = stack.cql
    cluster = Cluster([host], port=port)
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def session(cluster):
    session = cluster.connect()
    session.execute("DROP KEYSPACE IF EXISTS shown")
    session.execute(f"CREATE KEYSPACE shown WITH replication = {SIMPLE}")
    session.set_keyspace("shown")
    for text in [
        "CREATE TYPE inner_type (x text, y text)",
        "CREATE TYPE a_type (n int, i frozen<inner_type>)",
        "CREATE TABLE users (userid text PRIMARY KEY, age int, \"Name\" text, \"select\" int)",
        "CREATE TABLE \"Wide\" (pk1 int, pk2 int, ck1 int, ck2 int, reg1 int, reg2 list<int>, "
        "reg3 frozen<a_type>, s decimal STATIC, PRIMARY KEY ((pk1, pk2), ck1, ck2)) "
        "WITH CLUSTERING ORDER BY (ck1 ASC, ck2 DESC)",
        "CREATE INDEX by_age ON users (age)",
        "CREATE MATERIALIZED VIEW mv AS SELECT * FROM users WHERE age IS NOT NULL AND userid IS NOT NULL "
        "PRIMARY KEY (age, userid) WITH CLUSTERING ORDER BY (userid DESC)",
        "CREATE MATERIALIZED VIEW \"Mv2\" AS SELECT age, \"Name\" FROM users WHERE age IS NOT NULL AND "
        "userid = 'it''s' PRIMARY KEY (age, userid)"
        .replace("SELECT age,", "SELECT userid, age,"),
    ]:
        session.execute(text)
    yield session
    session.execute("DROP KEYSPACE shown")


def elements(session, query):
    return [tuple(row) for row in session.execute(query)]


def statement(session, query):
    return session.execute(query).one().create_statement


USERS = (
    'CREATE TABLE shown.users (\n    userid text PRIMARY KEY,\n    "Name" text,\n    age int,\n'
    '    "select" int\n) WITH ' + OPTIONS
)
WIDE = (
    'CREATE TABLE shown."Wide" (\n    pk1 int,\n    pk2 int,\n    ck1 int,\n    ck2 int,\n'
    "    s decimal static,\n    reg1 int,\n    reg3 frozen<a_type>,\n    reg2 list<int>,\n"
    "    PRIMARY KEY ((pk1, pk2), ck1, ck2)\n) WITH CLUSTERING ORDER BY (ck1 ASC, ck2 DESC)\n"
    "    AND " + OPTIONS
)
INDEX = "CREATE INDEX by_age ON shown.users (age);"
VIEW = (
    "CREATE MATERIALIZED VIEW shown.mv AS\n    SELECT *\n    FROM shown.users\n"
    "    WHERE age IS NOT NULL AND userid IS NOT NULL\n    PRIMARY KEY (age, userid)\n"
    " WITH CLUSTERING ORDER BY (userid DESC)\n    AND " + VIEW_OPTIONS
)
SECOND = (
    'CREATE MATERIALIZED VIEW shown."Mv2" AS\n    SELECT age, userid, "Name"\n    FROM shown.users\n'
    "    WHERE age IS NOT NULL AND userid = 'it''s'\n    PRIMARY KEY (age, userid)\n"
    " WITH CLUSTERING ORDER BY (userid ASC)\n    AND " + VIEW_OPTIONS
)


def test_tables(session):
    expected = [
        ("shown", "table", "users", USERS),
        ("shown", "index", "by_age", INDEX),
    ]
    for query in ["DESCRIBE TABLE users", "DESC COLUMNFAMILY shown.users", "DESCRIBE users"]:
        assert elements(session, query) == expected
    assert elements(session, 'DESCRIBE TABLE "Wide"') == [("shown", "table", '"Wide"', WIDE)]


def test_other_elements(session):
    for query in ["DESCRIBE INDEX by_age", "DESCRIBE shown.by_age"]:
        assert elements(session, query) == [("shown", "index", "by_age", INDEX)]
    for query in ["DESCRIBE MATERIALIZED VIEW mv", "DESC mv"]:
        assert elements(session, query) == [("shown", "materialized_view", "mv", VIEW)]
    second = [("shown", "materialized_view", '"Mv2"', SECOND)]
    assert elements(session, 'DESCRIBE MATERIALIZED VIEW "Mv2"') == second
    text = "CREATE TYPE shown.a_type (\n    n int,\n    i frozen<inner_type>\n);"
    assert elements(session, "DESCRIBE TYPE a_type") == [("shown", "type", "a_type", text)]
    only = (
        "CREATE KEYSPACE shown WITH replication = {'class': 'SimpleStrategy', "
        "'replication_factor': '1'}  AND durable_writes = true;"
    )
    assert elements(session, "DESCRIBE ONLY KEYSPACE shown") == [("shown", "keyspace", "shown", only)]
    assert [row[1:3] for row in elements(session, "DESCRIBE KEYSPACE shown")] == [
        ("keyspace", "shown"),
        ("type", "inner_type"),
        ("type", "a_type"),
        ("table", "users"),
        ("index", "by_age"),
        ("materialized_view", "mv"),
        ("materialized_view", '"Mv2"'),
        ("table", '"Wide"'),
    ]


def test_lists(session):
    assert elements(session, "DESCRIBE TABLES") == [
        ("shown", "table", "users"),
        ("shown", "table", '"Wide"'),
    ]
    assert [row[2] for row in elements(session, "DESCRIBE TYPES")] == ["a_type", "inner_type"]
    assert elements(session, "DESCRIBE FUNCTIONS") == []
    assert elements(session, "DESC AGGREGATES") == []
    keyspaces = [row[2] for row in elements(session, "DESCRIBE KEYSPACES")]
    assert keyspaces == sorted(keyspaces) and {"shown", "system", "system_views"} <= set(keyspaces)
    named = {row[0] for row in elements(session, "DESCRIBE SCHEMA")}
    assert "shown" in named and "system" not in named
    assert "system" in {row[0] for row in elements(session, "DESCRIBE FULL SCHEMA")}


def test_cluster(cluster, session):
    row = session.execute("DESCRIBE CLUSTER").one()
    assert (row.partitioner, row.snitch) == ("Murmur3Partitioner", "SimpleSnitch")
    assert len(row.range_ownership) == 16
    other = cluster.connect()
    assert len(other.execute("DESCRIBE CLUSTER").one()) == 3


@pytest.mark.parametrize(
    "query, text",
    [
        ("DESCRIBE TABLE no", "Table 'no' not found in keyspace 'shown'"),
        ("DESCRIBE TABLE mv", "Table 'mv' not found in keyspace 'shown'"),
        ("DESCRIBE INDEX no", "Table for existing index 'no' not found in 'shown'"),
        ("DESCRIBE TYPE no", "User defined type 'no' not found in 'shown'"),
        ("DESCRIBE FUNCTION no", "User defined function 'no' not found in 'shown'"),
        ("DESCRIBE AGGREGATE no", "User defined aggregate 'no' not found in 'shown'"),
        ("DESCRIBE MATERIALIZED VIEW no", "Materialized view 'no' not found in 'shown'"),
        ("DESCRIBE KEYSPACE no", "'no' not found in keyspaces"),
        ("DESCRIBE no", "'no' not found in keyspace 'shown'"),
        ("DESCRIBE no.thing", "'no' not found in keyspaces"),
    ],
)
def test_what_is_missing(session, query, text):
    with pytest.raises(InvalidRequest, match=text):
        session.execute(query)


def test_without_a_keyspace(cluster):
    session = cluster.connect()
    with pytest.raises(InvalidRequest, match="No keyspace specified and no current keyspace"):
        session.execute("DESCRIBE TABLE users")
    with pytest.raises(InvalidRequest, match="'users' not found in keyspaces"):
        session.execute("DESCRIBE users")


def test_internals(session):
    session.execute("CREATE TABLE dropped (pk int, c int, v1 text, v3 int, PRIMARY KEY (pk, c))")
    table_id = session.execute(
        "SELECT id FROM system_schema.tables WHERE keyspace_name = 'shown' AND table_name = 'dropped'"
    ).one().id
    created = (
        "CREATE TABLE shown.dropped (\n    pk int,\n    c int,\n    v1 text,\n    v3 int,\n"
        f"    PRIMARY KEY (pk, c)\n) WITH ID = {table_id}\n    AND CLUSTERING ORDER BY (c ASC)\n    AND "
        + OPTIONS
    )
    drop = "ALTER TABLE shown.dropped DROP v3 USING TIMESTAMP 1589286942065000;"
    add = "ALTER TABLE shown.dropped ADD v3 int;"
    query = "DESCRIBE TABLE dropped WITH INTERNALS"
    assert statement(session, query) == created
    session.execute(drop)
    assert statement(session, query) == created + "\n" + drop
    assert "v3" not in statement(session, "DESCRIBE TABLE dropped")
    session.execute(add)
    assert statement(session, query) == "\n".join([created, drop, add])
    session.execute("DROP TABLE dropped")


def test_what_is_shown_makes_the_same(session):
    before = [row.create_statement for row in session.execute("DESCRIBE KEYSPACE shown")]
    session.execute("DROP KEYSPACE shown")
    for text in before:
        session.execute(text)
    session.set_keyspace("shown")
    after = [row.create_statement for row in session.execute("DESCRIBE KEYSPACE shown")]
    assert after == before


def test_pages(session):
    everything = elements(session, "DESCRIBE FULL SCHEMA")
    paged = session.execute(SimpleStatement("DESCRIBE FULL SCHEMA", fetch_size=7))
    assert len(paged.current_rows) == 7
    assert [tuple(row) for row in paged] == everything
    first = session.execute(SimpleStatement("DESCRIBE FULL SCHEMA", fetch_size=7))
    session.execute("CREATE TABLE meanwhile (k int PRIMARY KEY)")
    with pytest.raises(InvalidRequest, match="schema has changed"):
        list(first)
    session.execute("DROP TABLE meanwhile")
