# Filling a view beside other writes: it shows what its table holds, whatever comes in between, and a crash delays it.

import random

import pytest
from cassandra.query import BatchStatement, BatchType

from clients import until
from conftest import start_stack
from cql_tools import opened

PARTITIONS, ROWS = 80, 50
CREATE = (
    "CREATE MATERIALIZED VIEW {} AS SELECT * FROM t WHERE a IS NOT NULL AND p IS NOT NULL "
    "AND c IS NOT NULL PRIMARY KEY (a, p, c)"
)


def fill(session):
    session.execute("CREATE TABLE t (p int, c int, a int, b text, PRIMARY KEY (p, c))")
    insert = session.prepare("INSERT INTO t (p, c, a, b) VALUES (?, ?, ?, 'first')")
    for p in range(PARTITIONS):
        batch = BatchStatement(BatchType.UNLOGGED)
        for c in range(ROWS):
            batch.add(insert, (p, c, (p * ROWS + c) % 97))
        session.execute(batch)
    for p in range(0, PARTITIONS, 7):
        session.execute(f"DELETE FROM t WHERE p = {p} AND c > 10 AND c < 20")
        session.execute(f"DELETE FROM t USING TIMESTAMP 1 WHERE p = {p}")


def shown(session, view):
    return sorted(tuple(row) for row in session.execute(f"SELECT a, p, c, b FROM {view}"))


def held(session):
    return sorted(tuple(row) for row in session.execute("SELECT a, p, c, b FROM t") if row.a is not None)


def status(session, view):
    found = session.execute(
        "SELECT status FROM system_distributed.view_build_status WHERE keyspace_name = 'built' AND view_name = %s",
        [view]).one()
    return found and found.status


def wait_until_built(session, view):
    until(lambda: not list(session.execute("SELECT * FROM system.view_builds_in_progress")), "the end of the filling")
    assert view in [row.view_name for row in session.execute("SELECT * FROM system.built_views")]
    assert status(session, view) == "SUCCESS"


@pytest.fixture(scope="module")
def session(stack):
    cluster, session = opened(stack, "built")
    fill(session)
    yield session
    session.execute("DROP KEYSPACE built")
    cluster.shutdown()


@pytest.mark.parametrize("seed", [1, 2])
def test_writes_go_on_while_a_view_is_filled(session, seed):
    print("seed", seed)
    random_numbers = random.Random(seed)
    view = f"beside{seed}"
    creation = session.execute_async(CREATE.format(view))
    for step in range(150):
        p, c, a = (random_numbers.randrange(n) for n in (PARTITIONS, ROWS, 300))
        session.execute(random_numbers.choice([
            f"UPDATE t SET a = {a}, b = 'step {step}' WHERE p = {p} AND c = {c}",
            f"UPDATE t SET a = null WHERE p = {p} AND c = {c}",
            f"INSERT INTO t (p, c, a) VALUES ({p}, {c}, {a})",
            f"DELETE FROM t WHERE p = {p} AND c = {c}",
            f"DELETE FROM t WHERE p = {p} AND c < {c}",
            f"BEGIN BATCH UPDATE t SET b = 'x' WHERE p = {p} AND c = {c}; "
            f"INSERT INTO t (p, c, a) VALUES ({p}, {c + ROWS}, {a}); APPLY BATCH",
        ]))
    creation.result()
    wait_until_built(session, view)
    assert shown(session, view) == held(session)
    session.execute(f"DROP MATERIALIZED VIEW {view}")
    assert status(session, view) is None


def test_what_is_deleted_inside_of_a_wide_partition_stays_so(session):
    session.execute("CREATE TABLE w (p int, c int, a int, PRIMARY KEY (p, c))")
    insert = session.prepare("INSERT INTO w (p, c, a) VALUES (?, ?, ?) USING TIMESTAMP ?")
    session.execute("DELETE FROM w USING TIMESTAMP 5 WHERE p = 1 AND c >= 100 AND c < 1900")
    session.execute("DELETE FROM w USING TIMESTAMP 5 WHERE p = 2")
    for p in (0, 1, 2):
        for start in range(0, 2_000, 500):
            batch = BatchStatement(BatchType.UNLOGGED)
            for c in range(start, start + 500):
                batch.add(insert, (p, c, c % 7, 6 if c % 3 == 0 else 4))
            session.execute(batch)
    session.execute(
        "CREATE MATERIALIZED VIEW wide_view AS SELECT * FROM w WHERE a IS NOT NULL AND p IS NOT NULL "
        "AND c IS NOT NULL PRIMARY KEY (a, p, c)")
    wait_until_built(session, "wide_view")
    found = sorted(tuple(row) for row in session.execute("SELECT p, c, a FROM wide_view"))
    assert found == sorted(tuple(row) for row in session.execute("SELECT p, c, a FROM w"))
    assert len(found) == 2_000 + 200 + 600 + 667
    session.execute("DROP MATERIALIZED VIEW wide_view")
    session.execute("DROP TABLE w")


def test_changes_of_schema_meanwhile(session):
    creation = session.execute_async(CREATE.format("renamed"))
    session.execute("ALTER TABLE t ADD d int")
    session.execute("ALTER TABLE t RENAME c TO e")
    session.execute("UPDATE t SET d = 5 WHERE p = 1 AND e = 1")
    creation.result()
    wait_until_built(session, "renamed")
    assert sorted(session.execute("SELECT a, p, e, b, d FROM renamed")) == sorted(
        row for row in session.execute("SELECT a, p, e, b, d FROM t") if row.a is not None)
    session.execute("ALTER TABLE t RENAME e TO c")
    session.execute("DROP MATERIALIZED VIEW renamed")


def test_a_view_that_goes_while_it_is_filled(session):
    creation = session.execute_async(CREATE.format("short_lived"))
    until(lambda: status(session, "short_lived"), "the view")
    session.execute("DROP MATERIALIZED VIEW short_lived")
    creation.result()
    assert list(session.execute("SELECT * FROM system.view_builds_in_progress")) == []
    # The same name once more, and now the table is emptied.
    creation = session.execute_async(CREATE.format("short_lived"))
    until(lambda: status(session, "short_lived"), "the view")
    session.execute("TRUNCATE t")
    creation.result()
    wait_until_built(session, "short_lived")
    assert shown(session, "short_lived") == []
    session.execute("INSERT INTO t (p, c, a) VALUES (1, 2, 3)")
    assert shown(session, "short_lived") == [(3, 1, 2, None)]


def test_filling_goes_on_after_a_crash(folder):
    stack = start_stack("--only", "store", data=folder)
    cluster, session = opened(stack, "built")
    fill(session)
    session.execute_async(CREATE.format("resumed"))
    # Killed as soon as something is done, or before, if that is soon enough.
    until(lambda: status(session, "resumed"), "the view")
    stack.kill()
    cluster.shutdown()
    stack = start_stack("--only", "store", data=folder)
    cluster, session = opened(stack, "built")
    try:
        # A write now, wherever the copy is.
        session.execute("UPDATE t SET a = 1000 WHERE p = 3 AND c = 3")
        session.execute("DELETE FROM t WHERE p = 79")
        wait_until_built(session, "resumed")
        assert shown(session, "resumed") == held(session)
    finally:
        cluster.shutdown()
        stack.stop()
