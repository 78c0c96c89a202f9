"""CREATE, ALTER and DROP as clients see them: rules, error classes, and the rows of system_schema."""

import uuid

import pytest
from cassandra import AlreadyExists, InvalidRequest, Unauthorized
from cassandra.cluster import Cluster
from cassandra.protocol import ConfigurationException, SyntaxException
from cql_tools import SIMPLE, table  # noqa: F401 (`table` is a fixture)

LOCATOR = "org.apache.cassandra.locator."


@pytest.fixture(scope="module")
def session(stack):
    host, port = stack.cql
    cluster = Cluster([host], port=port)
    session = cluster.connect()
    for keyspace in ("rules", "other"):
        session.execute(f"DROP KEYSPACE IF EXISTS {keyspace}")
        session.execute(f"CREATE KEYSPACE {keyspace} WITH replication = {SIMPLE}")
    session.set_keyspace("rules")
    yield session
    session.execute("DROP KEYSPACE rules")
    cluster.shutdown()


def option(session, table, name):
    return getattr(
        session.execute(
            f"SELECT {name} FROM system_schema.tables WHERE keyspace_name = 'rules' AND table_name = '{table}'"
        ).one(),
        name,
    )


# --- keyspaces


def test_what_other_stores_add_is_no_syntax_of_cassandra(session, table):
    unknown = f"CREATE KEYSPACE other_dialect WITH replication = {SIMPLE} AND "
    for text in ("tablets = {'enabled': true}", "storage = {'type': 'LOCAL'}"):
        for statement in (unknown + text, f"ALTER KEYSPACE rules WITH {text}"):
            with pytest.raises(SyntaxException, match="Unknown property"):
                session.execute(statement)
    name = table("k int PRIMARY KEY, v int")
    for text in ("tombstone_gc = {'mode': 'timeout'}", "paxos_grace_seconds = 3", "synchronous_updates = true"):
        with pytest.raises(SyntaxException, match="Unknown property"):
            session.execute(f"ALTER TABLE {name} WITH {text}")
    for text in ("comment = 'x'", "gc_grace_seconds = 13"):
        with pytest.raises(SyntaxException):
            session.execute(f"CREATE INDEX ON {name} (v) WITH {text}")
    with pytest.raises(SyntaxException):
        session.execute("DESCRIBE SCHEMA WITH INTERNALS AND PASSWORDS")


def test_commas_between_columns_may_have_nothing_between_them(table):
    table("k int, , v int, , PRIMARY KEY (k),")
    with pytest.raises(SyntaxException):
        table(", k int, PRIMARY KEY (k)")


def replication(session, keyspace):
    row = session.execute(
        f"SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = '{keyspace}'"
    ).one()
    return dict(row.replication)


@pytest.mark.parametrize(
    "given, kept",
    [
        ("{'class': 'SimpleStrategy'}", {"class": "SimpleStrategy", "replication_factor": "1"}),
        ("{'class': 'NetworkTopologyStrategy'}", {"class": "NetworkTopologyStrategy", "datacenter1": "1"}),
        (
            "{'class': 'NetworkTopologyStrategy', 'replication_factor': 2}",
            {"class": "NetworkTopologyStrategy", "datacenter1": "2"},
        ),
        (
            "{'class': 'org.apache.cassandra.locator.NetworkTopologyStrategy', 'replication_factor': 3, 'datacenter1': 1}",
            {"class": "NetworkTopologyStrategy", "datacenter1": "1"},
        ),
    ],
)
def test_replication(session, given, kept):
    session.execute(f"CREATE KEYSPACE rep WITH replication = {given}")
    kept = dict(kept, **{"class": LOCATOR + kept["class"]})
    assert replication(session, "rep") == kept
    session.execute("DROP KEYSPACE rep")


def test_replication_is_altered(session):
    session.execute("CREATE KEYSPACE rep WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}")
    session.execute("ALTER KEYSPACE rep WITH replication = {'class': 'NetworkTopologyStrategy'}")
    assert replication(session, "rep")["datacenter1"] == "2"
    session.execute(
        "ALTER KEYSPACE rep WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': 5}"
    )
    assert replication(session, "rep")["datacenter1"] == "2"
    for given in ("{'class': 'SimpleStrategy'}", "{'class': 'NetworkTopologyStrategy'}"):
        with pytest.raises(ConfigurationException):
            session.execute(f"ALTER KEYSPACE rep WITH replication = {given}")
    session.execute("ALTER KEYSPACE rep WITH durable_writes = false")
    row = session.execute(
        "SELECT durable_writes FROM system_schema.keyspaces WHERE keyspace_name = 'rep'"
    ).one()
    assert row.durable_writes is False
    session.execute("DROP KEYSPACE rep")


def test_more_copies_than_nodes_warn(session):
    future = session.execute_async(
        "CREATE KEYSPACE rep WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}"
    )
    future.result()
    assert future.warnings == [
        "Your replication factor 3 for keyspace rep is higher than the number of nodes 1"
    ]
    session.execute("DROP KEYSPACE rep")


@pytest.mark.parametrize(
    "text, error",
    [
        ("CREATE KEYSPACE k", SyntaxException),
        ("CREATE KEYSPACE k WITH WITH durable_writes = true", SyntaxException),
        ("CREATE KEYSPACE k WITH durable_writes = true", InvalidRequest),
        ("CREATE KEYSPACE k WITH foo = 1", SyntaxException),
        (f"CREATE KEYSPACE k WITH replication = {SIMPLE} AND replication = {SIMPLE}", SyntaxException),
        (f"CREATE KEYSPACE k WITH replication = {SIMPLE} AND durable_writes = 'maybe'", SyntaxException),
        ("CREATE KEYSPACE k WITH replication = 'Simple'", SyntaxException),
        ("CREATE KEYSPACE k WITH replication = {'replication_factor': 1}", ConfigurationException),
        ("CREATE KEYSPACE k WITH replication = {'class': 'NoStrategy'}", ConfigurationException),
        ("CREATE KEYSPACE k WITH replication = {'class': 'LocalStrategy'}", ConfigurationException),
        ("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'dc': 1}", ConfigurationException),
        ("CREATE KEYSPACE k WITH replication = {'class': 'NetworkTopologyStrategy', 'dc9': 1}", ConfigurationException),
        (
            "CREATE KEYSPACE k WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 0}",
            ConfigurationException,
        ),
        (
            "CREATE KEYSPACE k WITH replication = {'class': 'NetworkTopologyStrategy', 'Replication_factor': 1}",
            ConfigurationException,
        ),
        ("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 'x'}", ConfigurationException),
        ("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': -1}", ConfigurationException),
        (f'CREATE KEYSPACE "a-b" WITH replication = {SIMPLE}', InvalidRequest),
        (f"CREATE KEYSPACE {'k' * 49} WITH replication = {SIMPLE}", InvalidRequest),
        (f"CREATE KEYSPACE rules WITH replication = {SIMPLE}", AlreadyExists),
        ("ALTER KEYSPACE nope WITH durable_writes = true", InvalidRequest),
        ("DROP KEYSPACE nope", InvalidRequest),
        ("USE nope", InvalidRequest),
        ("DROP KEYSPACE system", Unauthorized),
        ("DROP KEYSPACE system_auth", Unauthorized),
        ("DROP TABLE system.local", Unauthorized),
        ("CREATE TABLE system.x (a int PRIMARY KEY)", Unauthorized),
    ],
)
def test_keyspaces_refused(session, text, error):
    with pytest.raises(error):
        session.execute(text)


def test_conditions_on_keyspaces(session):
    session.execute(f"CREATE KEYSPACE IF NOT EXISTS rules WITH replication = {SIMPLE}")
    session.execute("ALTER KEYSPACE IF EXISTS nope WITH durable_writes = true")
    session.execute("DROP KEYSPACE IF EXISTS nope")


# --- tables


@pytest.mark.parametrize(
    "columns, options, error, text",
    [
        ("a int", "", InvalidRequest, "No PRIMARY KEY"),
        ("a int PRIMARY KEY, b int PRIMARY KEY", "", InvalidRequest, "Multiple PRIMARY KEY"),
        ("a int, a text, PRIMARY KEY (a)", "", InvalidRequest, "Duplicate column 'a'"),
        ("a int, PRIMARY KEY (a, a)", "", InvalidRequest, "Duplicate column 'a' in PRIMARY KEY"),
        ("a int, PRIMARY KEY (a, b)", "", InvalidRequest, "Unknown column 'b'"),
        ("a list<int> PRIMARY KEY", "", InvalidRequest, "Invalid non-frozen collection type"),
        ("a duration PRIMARY KEY", "", InvalidRequest, "duration type is not supported"),
        ("a frozen<list<duration>> PRIMARY KEY", "", InvalidRequest, "duration type is not supported"),
        ("a counter PRIMARY KEY", "", InvalidRequest, "counter type is not supported"),
        ("a int, b int STATIC, PRIMARY KEY (a, b)", "", InvalidRequest, "Static column 'b'"),
        ("a int PRIMARY KEY, b int STATIC", "", InvalidRequest, "Static columns are only useful"),
        ("a int PRIMARY KEY, b counter, c int", "", InvalidRequest, "Cannot mix counter"),
        ("a int PRIMARY KEY, b counter", "WITH default_time_to_live = 5", InvalidRequest, "Cannot set default_time_to_live"),
        ("a int PRIMARY KEY, b set<duration>", "", InvalidRequest, "Durations are not allowed"),
        ("a int PRIMARY KEY, b map<duration, int>", "", InvalidRequest, "Durations are not allowed as map keys"),
        ("a int PRIMARY KEY, b list<counter>", "", InvalidRequest, "Counters are not allowed"),
        ("a int PRIMARY KEY, b list<set<int>>", "", InvalidRequest, "Non-frozen collections are not allowed"),
        ("a int PRIMARY KEY, b nope", "", InvalidRequest, "Unknown type rules.nope"),
        ("a int PRIMARY KEY, b other.nope", "", InvalidRequest, "cannot refer to a user type in keyspace other"),
        ("a int, b int, PRIMARY KEY (a, b)", "WITH CLUSTERING ORDER BY (a ASC)", InvalidRequest, r"directive: \[a\] are not clustering columns"),
        ("a int, b int, c int, PRIMARY KEY (a, b, c)", "WITH CLUSTERING ORDER BY (c ASC)", InvalidRequest, "Missing CLUSTERING ORDER for column b"),
        ("a int, b int, PRIMARY KEY (a, b)", "WITH CLUSTERING ORDER BY (b ASC, b DESC)", InvalidRequest, "CLUSTERING ORDER BY"),
        ("a int PRIMARY KEY", "WITH CLUSTERING ORDER BY (a ASC)", InvalidRequest, "Only clustering key columns"),
        ("a int, b int, c int, PRIMARY KEY (a, b, c)", "WITH CLUSTERING ORDER BY (c ASC, b ASC)", InvalidRequest, "b must appear before c"),
        ("a int PRIMARY KEY", "WITH COMPACT STORAGE", InvalidRequest, "No definition found that is not part of the PRIMARY KEY"),
        ("a int PRIMARY KEY", "WITH foo = 'x'", SyntaxException, "Unknown property 'foo'"),
        ("a int PRIMARY KEY", "WITH read_repair_chance = 0.1", SyntaxException, "Unknown property"),
        ("a int PRIMARY KEY", "WITH comment = 'x' AND comment = 'y'", SyntaxException, "Multiple definition"),
        ("a int PRIMARY KEY", "WITH comment = {'a': 'b'}", SyntaxException, "should be a string"),
        ("a int PRIMARY KEY", "WITH caching = 'x'", SyntaxException, "should be a map"),
        ("a int PRIMARY KEY", "WITH gc_grace_seconds = 'x'", SyntaxException, "Invalid integer value"),
        ("a int PRIMARY KEY", "WITH gc_grace_seconds = -1", ConfigurationException, "greater than or equal to 0"),
        ("a int PRIMARY KEY", "WITH default_time_to_live = 630720001", ConfigurationException, "less than or equal to 630720000"),
        ("a int PRIMARY KEY", "WITH bloom_filter_fp_chance = 0", ConfigurationException, "must be larger than"),
        ("a int PRIMARY KEY", "WITH crc_check_chance = 1.1", ConfigurationException, "smaller than or equal to 1.0"),
        ("a int PRIMARY KEY", "WITH min_index_interval = 5000", ConfigurationException, "max_index_interval"),
        ("a int PRIMARY KEY", "WITH speculative_retry = 'x'", ConfigurationException, "Invalid value x"),
        ("a int PRIMARY KEY", "WITH additional_write_policy = '101p'", ConfigurationException, "between"),
        ("a int PRIMARY KEY", "WITH memtable = 'nope'", ConfigurationException, "not found"),
        ("a int PRIMARY KEY", "WITH id = 'x'", ConfigurationException, "Invalid table id"),
        (
            "a int PRIMARY KEY",
            "WITH compaction = {'class': 'LeveledCompactionStrategy', 'fanout_size': 90, 'sstable_size_in_mb': 1089}",
            ConfigurationException,
            "absurdly high",
        ),
    ],
)
def test_tables_refused(session, columns, options, error, text):
    with pytest.raises(error, match=text):
        session.execute(f"CREATE TABLE refused ({columns}) {options}")


def test_names_of_tables(session):
    with pytest.raises(ConfigurationException, match="rules.d-3: Table name must not be empty or not contain"):
        session.execute('CREATE TABLE "d-3" (a int PRIMARY KEY)')
    with pytest.raises(InvalidRequest, match="must not be more than 222 characters long"):
        session.execute(f"CREATE TABLE {'t' * 223} (a int PRIMARY KEY)")
    for text in ('CREATE TABLE "" (a int PRIMARY KEY)', 'CREATE TABLE x ("" int PRIMARY KEY)', 'USE ""'):
        with pytest.raises(SyntaxException):
            session.execute(text)


def test_a_column_without_a_name_is_none(session):
    session.execute("CREATE TABLE nameless (k int PRIMARY KEY, v int)")
    for text in (
        'SELECT * FROM nameless WHERE "" = 1',
        'INSERT INTO nameless (k, "") VALUES (1, 2)',
        'UPDATE nameless SET "" = 1 WHERE k = 1',
        'DELETE "" FROM nameless WHERE k = 1',
    ):
        with pytest.raises(InvalidRequest, match="Undefined column name"):
            session.execute(text)
    session.execute("DROP TABLE nameless")


def test_options_are_looked_at_when_a_statement_is_prepared(session):
    with pytest.raises(ConfigurationException, match="min_index_interval"):
        session.prepare("CREATE TABLE prepared (a int PRIMARY KEY) WITH min_index_interval = 0")


def test_copies_of_system_tables(session):
    name = "system_distributed"
    here = "{'class': 'NetworkTopologyStrategy', 'datacenter1': 1}"
    session.execute(f"ALTER KEYSPACE {name} WITH replication = {here}")
    assert replication(session, name)["datacenter1"] == "1"
    for text, part in (
        (f"ALTER TABLE {name}.view_build_status WITH comment = 'x'", "Cannot ALTER <table system_distributed.view_"),
        (f"CREATE TABLE {name}.x (a int PRIMARY KEY)", "Cannot CREATE <all tables in system_distributed>"),
        ("ALTER KEYSPACE system WITH durable_writes = true", "system keyspace is not user-modifiable"),
    ):
        with pytest.raises(Unauthorized, match=part):
            session.execute(text)


COMPACTION = "org.apache.cassandra.db.compaction."
COMPRESS = "org.apache.cassandra.io.compress."


@pytest.mark.parametrize(
    "options, name, kept",
    [
        ("compaction = {'class': 'LeveledCompactionStrategy'}", "bloom_filter_fp_chance", 0.1),
        (
            "compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'HOURS'}",
            "compaction",
            {
                "class": COMPACTION + "TimeWindowCompactionStrategy",
                "compaction_window_unit": "HOURS",
                "max_threshold": "32",
                "min_threshold": "4",
            },
        ),
        (
            "compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4, L10'}",
            "compaction",
            {"class": COMPACTION + "UnifiedCompactionStrategy", "scaling_parameters": "T4, L10"},
        ),
        ("compression = {'enabled': false}", "compression", {"enabled": "false"}),
        ("compression = {'sstable_compression': ''}", "compression", {"enabled": "false"}),
        (
            "compression = {'class': 'ZstdCompressor', 'compression_level': 3}",
            "compression",
            {"class": COMPRESS + "ZstdCompressor", "chunk_length_in_kb": "16", "compression_level": "3"},
        ),
        ("caching = {'keys': 'none'}", "caching", {"keys": "NONE", "rows_per_partition": "NONE"}),
        ("caching = {'rows_per_partition': 10}", "caching", {"keys": "ALL", "rows_per_partition": "10"}),
        ("speculative_retry = '99PERCENTILE'", "speculative_retry", "99p"),
        ("speculative_retry = 'None'", "speculative_retry", "NEVER"),
        ("speculative_retry = 'min(99p, 50ms)'", "speculative_retry", "MIN(99p,50ms)"),
        ("additional_write_policy = '10.0ms'", "additional_write_policy", "10ms"),
        ("read_repair = 'none'", "read_repair", "NONE"),
        ("cdc = true", "cdc", True),
        ("memtable = 'trie'", "memtable", "trie"),
        ("comment = 'it''s'", "comment", "it's"),
        ("gc_grace_seconds = 5", "gc_grace_seconds", 5),
    ],
)
def test_options_are_kept(session, table, options, name, kept):
    found = option(session, table("a int PRIMARY KEY", f"WITH {options}"), name)
    assert (dict(found) if isinstance(kept, dict) else found) == kept


@pytest.mark.parametrize(
    "options, text",
    [
        ("compaction = {'min_threshold': 2}", "Missing sub-option 'class'"),
        ("compaction = {'class': 'Nope'}", "Unable to find compaction strategy class"),
        ("compaction = {'class': 'SizeTieredCompactionStrategy', 'abc': 1}", r"Properties specified \[abc\]"),
        ("compaction = {'class': 'SizeTieredCompactionStrategy', 'min_threshold': 1}", "cannot be less than 2"),
        ("compaction = {'class': 'SizeTieredCompactionStrategy', 'tombstone_threshold': -0.4}", "was -0.400000"),
        ("compaction = {'class': 'SizeTieredCompactionStrategy', 'bucket_low': 2}", r"bucket_high value \(1.5\)"),
        ("compaction = {'class': 'SizeTieredCompactionStrategy', 'min_sstable_size': -1}", "must be non negative: -1"),
        ("compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'SECONDS'}", "SECONDS is not valid"),
        ("compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_size': -8}", "-8 must be greater than 1"),
        ("compaction = {'class': 'LeveledCompactionStrategy', 'sstable_size_in_mb': -5}", "larger than 0, but was -5"),
        ("compaction = {'class': 'LeveledCompactionStrategy', 'sstable_size_in_mb': 2147483648}", "not a parsable int"),
        ("compaction = {'class': 'LeveledCompactionStrategy', 'enabled': 'maybe'}", "not maybe"),
        ("compression = {'class': 'Nope'}", "Could not create Compression"),
        ("compression = {'class': ''}", "The 'class' option must not be empty"),
        ("compression = {'sstable_compression': 'LZ4Compressor', 'class': 'LZ4Compressor'}", "already specified"),
        ("compression = {'class': 'SnappyCompressor', 'min_compress_ratio': -1}", "Invalid negative min_compress_ratio"),
        ("compression = {'class': 'SnappyCompressor', 'min_compress_ratio': 0.5}", "greater than or equal to 1"),
        ("compression = {'enabled': true}", "Missing sub-option 'class'"),
        ("compression = {'enabled': false, 'class': 'LZ4Compressor'}", "no other options"),
        ("compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 100}", "power of 2"),
        ("compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 0}", "chunk_length_in_kb"),
        ("compression = {'class': 'LZ4Compressor', 'nope': 1}", "Unknown compression options nope"),
        ("caching = {'nope': 1}", "Invalid caching sub-options"),
        ("caching = {'keys': 'some'}", "only 'ALL' and 'NONE'"),
    ],
)
def test_sub_options_refused(session, table, options, text):
    name = table("a int PRIMARY KEY")
    for statement in [f"ALTER TABLE {name} WITH {options}", f"CREATE TABLE refused (a int PRIMARY KEY) WITH {options}"]:
        with pytest.raises(ConfigurationException, match=text):
            session.execute(statement)


def test_a_null_option_is_no_syntax(session):
    with pytest.raises(SyntaxException, match="chunk_length_in_kb"):
        session.execute(
            "CREATE TABLE refused (a int PRIMARY KEY) WITH compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': null}"
        )


def test_ids_and_names(session):
    wanted = uuid.uuid4()
    session.execute(f"CREATE COLUMNFAMILY withid (a int PRIMARY KEY,) WITH ID = {wanted}")
    assert option(session, "withid", "id") == wanted
    with pytest.raises(ConfigurationException, match="Cannot alter table id"):
        session.execute(f"ALTER TABLE withid WITH id = {uuid.uuid4()}")
    session.execute("DROP COLUMNFAMILY withid")
    long = "n" * 222
    session.execute(f"CREATE TABLE {long} (a int PRIMARY KEY)")
    session.execute(f"DROP TABLE {long}")
    with pytest.raises(InvalidRequest):
        session.execute(f"CREATE TABLE {long}n (a int PRIMARY KEY)")
    with pytest.raises(AlreadyExists):
        session.execute("CREATE TABLE twice (a int PRIMARY KEY)")
        session.execute("CREATE TABLE twice (a int PRIMARY KEY)")
    session.execute("CREATE TABLE IF NOT EXISTS twice (b int PRIMARY KEY)")
    with pytest.raises(SyntaxException):
        session.execute("CREATE TABLE copy LIKE twice")
    session.execute("TRUNCATE twice")
    session.execute("TRUNCATE COLUMNFAMILY twice")
    session.execute("DROP TABLE twice")
    session.execute("DROP TABLE IF EXISTS twice")
    with pytest.raises(InvalidRequest, match="doesn't exist"):
        session.execute("DROP TABLE twice")
    for statement in ["TRUNCATE twice", "ALTER TABLE twice ADD b int"]:
        with pytest.raises(InvalidRequest):
            session.execute(statement)
    session.execute("ALTER TABLE IF EXISTS twice ADD b int")
