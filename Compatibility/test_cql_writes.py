"""Writes as Cassandra does them: conditions and their answers, batches, counters, timestamps, time to live, masks."""

import uuid

import pytest
from cassandra import ConsistencyLevel, InvalidRequest
from cassandra.protocol import SyntaxException
from cassandra.query import UNSET_VALUE, BatchStatement, BatchType, SimpleStatement
from cql_tools import keyspace


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "writes", version=4) as session:
        yield session


@pytest.fixture
def table(session):
    def make(columns, options=""):
        made = "t" + uuid.uuid4().hex[:12]
        session.execute(f"CREATE TABLE {made} ({columns}) {options}")
        return made

    return make


def run(session, table, text, *values):
    text = text.replace("%s", table)
    return session.execute(session.prepare(text), values) if values else session.execute(text)


def rows(session, table, text, *values):
    return [tuple(row) for row in run(session, table, text, *values)]


def names(session, table, text):
    return run(session, table, text).column_names


def refused(session, table, text, message, *values, error=InvalidRequest):
    with pytest.raises(error, match=message):
        run(session, table, text, *values)


# Conditions


def test_answers_of_conditions(session, table):
    t = table("k int PRIMARY KEY, v1 int, v2 text, v3 int")
    for text, answer in [
        ("UPDATE %s SET v1 = 3 WHERE k = 0 IF v1 = 4", [(False,)]),
        ("UPDATE %s SET v1 = 3 WHERE k = 0 IF EXISTS", [(False,)]),
        ("INSERT INTO %s (k, v1, v2) VALUES (0, 2, 'foo') IF NOT EXISTS", [(True,)]),
        ("INSERT INTO %s (k, v1) VALUES (0, 5) IF NOT EXISTS", [(False, 0, 2, "foo", None)]),
        ("UPDATE %s SET v1 = 3 WHERE k = 0 IF v1 = 4", [(False, 2)]),
        ("UPDATE %s SET v1 = 3 WHERE k = 0 IF v1 IN (1, 2)", [(True,)]),
        ("UPDATE %s SET v1 = 5 WHERE k = 0 IF v2 = 'x' AND v1 = 3", [(False, "foo", 3)]),
        ("UPDATE %s SET v1 = 5 WHERE k = 0 IF v3 < 5", [(False, None)]),
        ("UPDATE %s SET v1 = 5 WHERE k = 0 IF v3 != 5", [(True,)]),
        ("UPDATE %s SET v1 = 5 WHERE k = 0 IF v1 IN ()", [(False, 5)]),
        ("DELETE v2 FROM %s WHERE k = 0 IF v1 = null", [(False, 5)]),
        ("DELETE FROM %s WHERE k = 0 IF v3 IN (null)", [(True,)]),
        ("DELETE FROM %s WHERE k = 0 IF EXISTS", [(False,)]),
    ]:
        assert rows(session, t, text) == answer, text
    assert names(session, t, "DELETE FROM %s WHERE k = 0 IF v1 = 1") == ["[applied]"]
    run(session, t, "INSERT INTO %s (k, v1) VALUES (1, 1)")
    assert names(session, t, "DELETE FROM %s WHERE k = 1 IF v1 = 2 AND v2 = 'a'") == ["[applied]", "v1", "v2"]
    assert rows(session, t, "UPDATE %s SET v1 = 2 WHERE k = 1 IF v1 IN ?", [1, None]) == [(True,)]


def test_conditions_that_are_refused(session, table):
    t = table("k int, c int, s int static, v int, l list<int>, m map<text, int>, d duration, PRIMARY KEY (k, c)")
    row = "WHERE k = 0 AND c = 0"
    for text, message in [
        (f"UPDATE %s SET v = 1 {row} IF v > null", "Invalid comparison with null"),
        (f"UPDATE %s SET v = 1 {row} IF k = 0", "PRIMARY KEY column 'k' cannot have IF conditions"),
        (f"UPDATE %s SET v = 1 {row} IF x = 0", "Undefined column name x"),
        (f"UPDATE %s USING TIMESTAMP 5 SET v = 1 {row} IF v = 0", "custom timestamp for conditional"),
        ("UPDATE %s SET v = 1 WHERE k IN (0, 1) AND c = 0 IF v = 0", "IN on the partition key is not supported"),
        ("UPDATE %s SET v = 1 WHERE k = 0 AND c IN (0, 1) IF v = 0", "clustering key columns .* conditional updates"),
        ("DELETE FROM %s WHERE k = 0 AND c IN (0, 1) IF EXISTS", "clustering key columns .* conditional deletions"),
        ("DELETE FROM %s WHERE k = 0 IF EXISTS", "in order to delete non static columns"),
        ("DELETE FROM %s WHERE k = 0 AND c > 0 IF v = 1", "in order to delete non static columns"),
        ("DELETE s FROM %s WHERE k = 0 IF v = 1", "in order to use IF condition on non static columns"),
        (f"DELETE s FROM %s {row} IF s = 1", "the DELETE statement modifies only static columns"),
        (f"UPDATE %s SET s = 1 {row} IF s = 1", "the UPDATE statement modifies only static columns"),
        ("UPDATE %s SET s = 1, v = 1 WHERE k = 0 IF s = 1", "Some clustering keys are missing: c"),
        (f"UPDATE %s SET v = 1 {row} IF l[-1] = 1", "Invalid negative list index -1"),
        (f"UPDATE %s SET v = 1 {row} IF m[null] = 1", "Invalid null value for map element access"),
        (f"UPDATE %s SET v = 1 {row} IF v[0] = 1", "Invalid element access syntax for non-collection column v"),
        (f"UPDATE %s SET v = 1 {row} IF v CONTAINS 1", "Cannot use CONTAINS on non-collection column v"),
        (f"UPDATE %s SET v = 1 {row} IF d > 1s", "not supported on durations"),
    ]:
        refused(session, t, text, message)
    refused(session, t, f"UPDATE %s SET v = 1 {row} IF v = ?", "unset", UNSET_VALUE)


def test_conditions_on_collections(session, table):
    t = table("k int PRIMARY KEY, v int, l list<int>, s set<int>, m map<text, int>")
    run(session, t, "INSERT INTO %s (k, l, m) VALUES (0, [1, 2], {'a': 1})")
    for condition, holds in [
        ("l = [1, 2]", True), ("l = [2, 1]", False), ("l > [1]", True), ("l[1] = 2", True), ("l[5] = null", True),
        ("l IN ([0], [1, 2])", True), ("m['a'] = 1", True), ("m['z'] = null", True), ("m['a'] IN (2, 3)", False),
        ("s = null", True), ("s = {}", True), ("s != {1}", True), ("l CONTAINS 2", True), ("m CONTAINS 7", False),
        ("m CONTAINS KEY 'a'", True),
    ]:
        assert rows(session, t, f"UPDATE %s SET v = 1 WHERE k = 0 IF {condition}")[0][0] is holds, condition


def test_static_columns_and_conditional_batches(session, table):
    t = table("id int, k text, version int static, v text, PRIMARY KEY (id, k)")
    run(session, t, "INSERT INTO %s (id, k, v) VALUES (1, 'foo', 'foo')")
    assert rows(session, t, "INSERT INTO %s (id, k, version) VALUES (1, 'foo', 1) IF NOT EXISTS") == [
        (False, 1, "foo", None, "foo")
    ]
    assert rows(session, t, "INSERT INTO %s (id, version) VALUES (1, 1) IF NOT EXISTS") == [(True,)]
    run(session, t, "INSERT INTO %s (id, version) VALUES (0, 0)")
    assert rows(session, t, "UPDATE %s SET v = 'a', version = 1 WHERE id = 0 AND k = 'k1' IF version = 0") == [(True,)]
    run(session, t, "INSERT INTO %s (id, k, v) VALUES (0, 'k2', 'b')")
    both = "UPDATE %s SET v = 'x' WHERE id = 0 AND k = 'k1'; UPDATE %s SET v = 'y' WHERE id = 0 AND k = 'k2'; "
    batch = "BEGIN BATCH " + both + "UPDATE %s SET version = 3 WHERE id = 0 IF version = {}; APPLY BATCH"
    assert rows(session, t, batch.format(7)) == [(False, 0, "k1", 1)]
    assert rows(session, t, batch.format(1)) == [(True,)]
    several = (
        "BEGIN BATCH UPDATE %s SET version = 4 WHERE id = 0 IF version = 3; "
        "UPDATE %s SET v = 'r1' WHERE id = 0 AND k = 'k1' IF v = '{}'; "
        "UPDATE %s SET v = 'r2' WHERE id = 0 AND k = 'k2' IF v = '{}'; APPLY BATCH"
    )
    assert rows(session, t, several.format("n", "n")) == [(False, 0, "k1", 3, "x"), (False, 0, "k2", 3, "y")]
    assert rows(session, t, several.format("x", "y")) == [(True,)]
    # A deletion of the same batch does not hide what the batch writes.
    text = "BEGIN BATCH DELETE FROM %s WHERE id = 0; UPDATE %s SET v = 'n' WHERE id = 0 AND k = 'k2' IF v = 'r2'; APPLY BATCH"
    assert rows(session, t, text) == [(True,)]
    assert rows(session, t, "SELECT * FROM %s WHERE id = 0") == [(0, "k2", None, "n")]
    other = "UPDATE %s SET v = 'n' WHERE id = 0 AND k = 'k2' IF v = 'a'; "
    for text, message in [
        (other + "UPDATE %s SET v = 'n' WHERE id = 9 AND k = 'k2'; ", "cannot span multiple partitions"),
        (other + "INSERT INTO %s (id, k) VALUES (0, 'k2') IF NOT EXISTS; ", "Cannot mix IF conditions and IF NOT"),
        ("DELETE FROM %s WHERE id = 0 AND k = 'a' IF EXISTS; INSERT INTO %s (id, k) VALUES (0, 'a') IF NOT EXISTS; ",
         "Cannot mix IF EXISTS and IF NOT EXISTS"),
    ]:
        refused(session, t, "BEGIN BATCH " + text + "APPLY BATCH", message)
    refused(session, t, "BEGIN BATCH USING TIMESTAMP 3 " + other + "APPLY BATCH", "timestamp for conditional BATCH")


def test_consistency_of_writes(session, table):
    t, c = table("k int PRIMARY KEY, v int"), table("k int PRIMARY KEY, n counter")
    for text, level, message in [
        (f"INSERT INTO {t} (k) VALUES (1)", ConsistencyLevel.SERIAL, "You must use conditional updates"),
        (f"INSERT INTO {t} (k) VALUES (1) IF NOT EXISTS", ConsistencyLevel.SERIAL, "conditional update commit"),
        (f"UPDATE {c} SET n = n + 1 WHERE k = 1", ConsistencyLevel.ANY, "ANY is not yet supported for counter"),
        (f"SELECT * FROM {t}", ConsistencyLevel.ANY, "only supported for writes"),
    ]:
        with pytest.raises(InvalidRequest, match=message):
            session.execute(SimpleStatement(text, consistency_level=level))


# Counters, timestamps, time to live


def test_counters(session, table):
    t = table("k int PRIMARY KEY, c counter, d counter")
    run(session, t, "UPDATE %s SET c = c + 5, d = d - 2, c = c + 1 WHERE k = 1")
    run(session, t, "UPDATE %s SET c = c + ? WHERE k = 1", UNSET_VALUE)
    assert rows(session, t, "SELECT c, d FROM %s WHERE k = 1") == [(6, -2)]
    for text, message in [
        ("UPDATE %s SET c = 1 WHERE k = 1", "Cannot set the value of counter column c"),
        ("INSERT INTO %s (k, c) VALUES (1, 1)", "INSERT statements are not allowed on counter tables"),
        ("UPDATE %s USING TTL 4 SET c = c + 1 WHERE k = 1", "Cannot provide custom TTL for counter updates"),
        ("UPDATE %s USING TIMESTAMP 4 SET c = c + 1 WHERE k = 1", "custom timestamp for counter updates"),
        ("UPDATE %s SET c = c + 1 WHERE k = 1 IF EXISTS", "not supported on counter tables"),
        ("UPDATE %s SET c = c + null WHERE k = 1", "Invalid null value for counter increment"),
        ("UPDATE %s SET c = c - -9223372036854775808 WHERE k = 1", "overflows supported counter precision"),
        ("BEGIN BATCH UPDATE %s SET c = c + 1 WHERE k = 1; APPLY BATCH", "counter statement in a logged batch"),
    ]:
        refused(session, t, text, message)
    run(session, t, "BEGIN COUNTER BATCH UPDATE %s SET c = c + 1 WHERE k = 2; UPDATE %s SET c = c + 1 WHERE k = 2; APPLY BATCH")
    assert rows(session, t, "SELECT c FROM %s WHERE k = 2") == [(2,)]


def test_timestamps_and_time_to_live(session, table):
    t = table("k int PRIMARY KEY, v int", "WITH default_time_to_live = 1000")
    run(session, t, "INSERT INTO %s (k, v) VALUES (1, 1) USING TIMESTAMP -10")
    run(session, t, "INSERT INTO %s (k, v) VALUES (1, 9) USING TIMESTAMP -11")
    assert rows(session, t, "SELECT v, writetime(v) FROM %s WHERE k = 1") == [(1, -10)]
    for text, message in [
        ("INSERT INTO %s (k, v) VALUES (2, 1) USING TTL -1", "TTL must be greater or equal to 0, but was -1"),
        ("INSERT INTO %s (k, v) VALUES (2, 1) USING TTL 630720001", "ttl is too large. requested"),
        ("INSERT INTO %s (k, v) VALUES (2, 1) USING TIMESTAMP -9223372036854775808", "Out of bound timestamp"),
        ("BEGIN BATCH USING TTL 3 INSERT INTO %s (k) VALUES (1); APPLY BATCH", "Global TTL on the BATCH"),
    ]:
        refused(session, t, text, message)
    refused(session, t, "INSERT INTO %s (k) VALUES (1) USING TIMESTAMP ?", "Invalid null value of timestamp", None)
    refused(session, t, "DELETE FROM %s USING TTL 5 WHERE k = 1", "K_TIMESTAMP", error=SyntaxException)
    for key, ttl, lives in [(3, UNSET_VALUE, True), (4, None, False), (5, 0, False), (6, 500, True)]:
        run(session, t, "INSERT INTO %s (k, v) VALUES (?, 1) USING TTL ?", key, ttl)
        assert (rows(session, t, f"SELECT ttl(v) FROM %s WHERE k = {key}")[0][0] is not None) == lives


def test_refused_writes(session, table):
    t = table("k int, a int, b int, v int, PRIMARY KEY (k, a, b)")
    for text, message in [
        ("UPDATE %s SET v = 1 WHERE v = 1", "Some partition key parts are missing: k"),
        ("UPDATE %s SET v = 1 WHERE k = 1 AND b = 1", "Some clustering keys are missing: a"),
        ("UPDATE %s SET v = 1 WHERE k = 1", "Some clustering keys are missing: a, b"),
        ("UPDATE %s SET a = 1 WHERE k = 1 AND a = 1 AND b = 1", "PRIMARY KEY part a found in SET part"),
        ("INSERT INTO %s (k, v) VALUES (1, 1)", "Some clustering keys are missing: a, b"),
        ("INSERT INTO %s (k, k, a, b) VALUES (1, 1, 1, 1)", "contains duplicates"),
        ("INSERT INTO %s (k, a, b) VALUES (1, 1)", "Unmatched column names/values"),
        ("DELETE v FROM %s WHERE k = 1 AND a = 1", "Range deletions are not supported for specific columns"),
        ("DELETE k FROM %s WHERE k = 1", "Invalid identifier k for deletion"),
        ("DELETE FROM %s WHERE k = 1 AND v = 1", "Non PRIMARY KEY columns found in where clause: v"),
    ]:
        refused(session, t, text, message)


# Guardrails


def test_large_and_wide_batches(session, table):
    t = table("k int PRIMARY KEY, v text")

    def send(kind, count, size):
        batch = BatchStatement(kind)
        for key in range(count):
            batch.add(f"INSERT INTO {t} (k, v) VALUES (%s, %s)", (key, "x" * size))
        future = session.execute_async(batch)
        future.result()
        return future.warnings or []

    assert send(BatchType.LOGGED, 3, 10) == []
    assert any(f"Batch for [writes.{t}] is of size" in text for text in send(BatchType.LOGGED, 3, 3000))
    assert any("Unlogged batch covering 11 partitions" in text for text in send(BatchType.UNLOGGED, 11, 1))
    with pytest.raises(InvalidRequest, match="Batch too large"):
        send(BatchType.LOGGED, 3, 30_000)
    assert session.execute(f"SELECT count(*) FROM {t}").one()[0] == 11


def test_masks(session, table):
    t = table("k int PRIMARY KEY, v text, n int")
    run(session, t, "INSERT INTO %s (k, v, n) VALUES (1, 'abcdef', 7)")
    assert rows(
        session, t,
        "SELECT mask_inner(v, 1, 2), mask_outer(v, 1, 2, '#'), mask_default(v), mask_default(n), mask_null(n), "
        "mask_replace(n, 0) FROM %s",
    ) == [("a***ef", "#bcd##", "****", 0, None, 0)]
    assert rows(session, t, "SELECT mask_hash(v) FROM %s")[0][0].hex().startswith("bef57ec7f53a6d40beb640a780a639c8")
    refused(session, t, "SELECT mask_hash(v, 'nope') FROM %s", "Hash algorithm not found: nope")
    refused(session, t, "SELECT mask_inner(v, 1, 1, 'ab') FROM %s", "single-character")
    refused(session, "x", "CREATE TABLE %s (k int PRIMARY KEY, v text MASKED WITH DEFAULT)", "data masking is not enabled")
