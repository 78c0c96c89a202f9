"""What is deleted goes for good, reads over many tombstones warn and fail, and large values keep their pace."""

import time

import pytest
from cassandra import InvalidRequest, ReadFailure
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import WhiteListRoundRobinPolicy
from cassandra.query import BatchStatement, BatchType
from cql_tools import SIMPLE, table  # noqa: F401 (`table` is a fixture)


@pytest.fixture(scope="module")
def session(stack):
    host, port = stack.cql
    profile = ExecutionProfile(
        load_balancing_policy=WhiteListRoundRobinPolicy([host]), request_timeout=60)
    cluster = Cluster([host], port=port, protocol_version=5, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    session = cluster.connect()
    session.execute(f"CREATE KEYSPACE IF NOT EXISTS storage WITH replication = {SIMPLE}")
    session.set_keyspace("storage")
    yield session
    cluster.shutdown()


def statistics(session, name):
    return session.execute(
        "SELECT * FROM system_views.table_statistics WHERE keyspace_name = 'storage' AND table_name = %s", (name,)).one()


def compact(session, name):
    session.execute(
        "INSERT INTO system_views.compaction_requests (keyspace_name, table_name) VALUES ('storage', %s)", (name,))
    deadline = time.monotonic() + 60
    while any(row.table_name == name for row in session.execute("SELECT * FROM system_views.sstable_tasks")):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_many_tombstones_warn_then_fail(session, table):
    name = table("k int, c int, v int, PRIMARY KEY (k, c)")
    delete = session.prepare(f"DELETE FROM {name} WHERE k = 0 AND c = ?")
    execute_concurrent_with_args(session, delete, [(c,) for c in range(1_000)], concurrency=200)
    session.execute(f"INSERT INTO {name} (k, c, v) VALUES (0, -1, 1)")
    found = session.execute_async(f"SELECT * FROM {name} WHERE k = 0")
    assert len(list(found.result())) == 1 and not found.warnings
    execute_concurrent_with_args(session, delete, [(c,) for c in range(1_000, 1_200)], concurrency=200)
    found = session.execute_async(f"SELECT * FROM {name} WHERE k = 0")
    assert len(list(found.result())) == 1
    assert "1200 tombstone cells" in found.warnings[0] and "tombstone_warn_threshold" in found.warnings[0]
    # Nothing is said where they are not met.
    found = session.execute_async(f"SELECT * FROM {name} WHERE k = 0 AND c < 500")
    assert len(list(found.result())) == 1 and not found.warnings
    for start in range(1_200, 100_100, 2_000):
        batch = BatchStatement(batch_type=BatchType.UNLOGGED)
        for c in range(start, start + 2_000):
            batch.add(delete, (c,))
        session.execute(batch)
    for text in (f"SELECT * FROM {name} WHERE k = 0", f"SELECT * FROM {name}",
                 f"SELECT count(*) FROM {name}", f"SELECT * FROM {name} WHERE k = 0 ORDER BY c DESC LIMIT 1"):
        with pytest.raises(ReadFailure) as failed:
            session.execute(text)
        assert list(failed.value.error_code_map.values()) == [1]
    assert session.execute(f"SELECT v FROM {name} WHERE k = 0 LIMIT 1").one().v == 1


def test_compaction_forgets_what_is_deleted(session, table):
    name = table("k int, c int, v text, PRIMARY KEY (k, c)", "WITH gc_grace_seconds = 0")
    insert = session.prepare(f"INSERT INTO {name} (k, c, v) VALUES (?, ?, ?)")
    execute_concurrent_with_args(
        session, insert, [(k, c, "x" * 100) for k in range(20) for c in range(200)], concurrency=200)
    session.execute(f"INSERT INTO {name} (k, c, v) VALUES (100, 0, 'short') USING TTL 1")
    for k in range(10):
        session.execute(f"DELETE FROM {name} WHERE k = {k}")
    session.execute(f"DELETE FROM {name} WHERE k = 10 AND c >= 100")
    time.sleep(2.1)
    assert statistics(session, name).garbage >= 11
    compact(session, name)
    assert statistics(session, name).garbage == 0
    assert len(list(session.execute(f"SELECT * FROM {name}"))) == 9 * 200 + 100
    # The tombstones are gone: what is older than they were is seen again, as in Cassandra after gc_grace_seconds.
    session.execute(f"INSERT INTO {name} (k, c, v) VALUES (0, 0, 'old') USING TIMESTAMP 1")
    assert session.execute(f"SELECT v FROM {name} WHERE k = 0").one().v == "old"


def test_what_is_no_request_is_refused(session, table):
    with pytest.raises(InvalidRequest):
        session.execute("INSERT INTO system_views.compaction_requests (keyspace_name, table_name) VALUES ('storage', 'no')")
    with pytest.raises(InvalidRequest):
        session.execute("DELETE FROM system_views.compaction_requests WHERE keyspace_name = 'a' AND table_name = 'b'")
    with pytest.raises(InvalidRequest):
        session.execute("INSERT INTO system_views.settings (name, value) VALUES ('a', 'b')")
    names = {row.name for row in session.execute("SELECT * FROM system_views.storage_statistics")}
    assert {"live_data_bytes", "memtable_bytes", "commit_log_bytes", "refuses_writes"} <= names


def test_wide_collections_keep_their_pace(session, table):
    """Appends to one list, set and map of 10,000 elements; none may rewrite the row each time."""
    name = table("k int PRIMARY KEY, l list<int>, s set<text>, m map<int, text>")
    append = session.prepare(f"UPDATE {name} SET l = l + ?, s = s + ?, m = m + ? WHERE k = 0")
    rows = [([n], {f"e{n}"}, {n: f"v{n}"}) for n in range(10_000)]
    halves = []
    for half in (rows[:5_000], rows[5_000:]):
        began = time.monotonic()
        execute_concurrent_with_args(session, append, half, concurrency=100)
        halves.append(time.monotonic() - began)
    print(f"10,000 appends: {halves[0]:.2f} s and {halves[1]:.2f} s")
    row = session.execute(f"SELECT * FROM {name}").one()
    assert sorted(row.l) == list(range(10_000)) and len(row.s) == 10_000
    assert dict(row.m) == {n: f"v{n}" for n in range(10_000)}
    session.execute(f"UPDATE {name} SET l = l - [5, 7], s = s - {{'e5'}}, m = m - {{5}} WHERE k = 0")
    row = session.execute(f"SELECT * FROM {name}").one()
    assert len(row.l) == 9_998 and len(row.s) == 9_999 and 5 not in row.m


def test_large_values_and_partitions(session, table):
    name = table("k int, c int, v blob, PRIMARY KEY (k, c)")
    insert = session.prepare(f"INSERT INTO {name} (k, c, v) VALUES (?, ?, ?)")
    large = bytes(range(256)) * (15 << 12)
    session.execute(insert, (0, 0, large))
    assert session.execute(f"SELECT v FROM {name} WHERE k = 0 AND c = 0").one().v == large
    execute_concurrent_with_args(session, insert, [(1, c, b"x" * 50) for c in range(20_000)], concurrency=200)
    found = session.execute(f"SELECT c FROM {name} WHERE k = 1")
    assert [row.c for row in found] == list(range(20_000))
    found = session.execute(f"SELECT c FROM {name} WHERE k = 1 ORDER BY c DESC")
    assert [row.c for row in found] == list(range(19_999, -1, -1))


def test_many_deleted_ranges_in_one_partition(session, table):
    name = table("k int, c int, v int, PRIMARY KEY (k, c)")
    insert = session.prepare(f"INSERT INTO {name} (k, c, v) VALUES (0, ?, 1)")
    execute_concurrent_with_args(session, insert, [(c,) for c in range(2_000)], concurrency=200)
    delete = session.prepare(f"DELETE FROM {name} WHERE k = 0 AND c >= ? AND c < ?")
    execute_concurrent_with_args(session, delete, [(c, c + 3) for c in range(0, 2_000, 5)], concurrency=200)
    found = [row.c for row in session.execute(f"SELECT c FROM {name} WHERE k = 0")]
    assert found == [c for c in range(2_000) if c % 5 > 2]
