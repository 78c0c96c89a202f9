# What a SELECT of the CQL store means: relations, ordering, grouping, paging and their errors, as Cassandra 5.0 has them.

import itertools
import uuid

import pytest
from cassandra import InvalidRequest
from cassandra.protocol import SyntaxException
from cassandra.query import SimpleStatement
from cql_tools import keyspace

FILTERING = "use ALLOW FILTERING"


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "selects", tuples=True) as session:
        for text in SCHEMA:
            session.execute(text)
        fill(session)
        yield session


SCHEMA = [
    "CREATE TABLE mixed (k int, a int, b int, c int, s int STATIC, v int, PRIMARY KEY (k, a, b, c)) "
    "WITH CLUSTERING ORDER BY (a ASC, b DESC, c ASC)",
    "CREATE TABLE pairs (a int, b int, c int, s int STATIC, PRIMARY KEY ((a, b), c))",
    "CREATE TABLE plain (k int PRIMARY KEY, v int, t text, l list<int>, m map<text, int>, "
    "z set<int>, f frozen<map<text, int>>)",
    "CREATE TABLE events (k int, at timestamp, v int, PRIMARY KEY (k, at))",
]


def fill(session):
    for k, a, b, c in itertools.product(range(2), range(3), range(3), range(3)):
        session.execute(
            f"INSERT INTO mixed (k, a, b, c, v) VALUES ({k}, {a}, {b}, {c}, {a * 100 + b * 10 + c})")
    session.execute("UPDATE mixed SET s = 7 WHERE k = 1")
    session.execute("UPDATE mixed SET s = 9 WHERE k = 5")
    for a, b, c in itertools.product(range(2), range(3), range(2)):
        session.execute(f"INSERT INTO pairs (a, b, c, s) VALUES ({a}, {b}, {c}, {a + b})")
    for k in range(8):
        session.execute(
            f"INSERT INTO plain (k, v, t, l, m, z, f) VALUES ({k}, {k % 3}, 't{k}', [{k}, 1], "
            f"{{'x': {k}, 'y': 2}}, {{{k}, 9}}, {{'x': {k}}})")
    for minute in (1, 4, 6, 11):
        session.execute(
            f"INSERT INTO events (k, at, v) VALUES (1, '2020-01-01T00:{minute:02}:00Z', {minute})")


def rows(session, text, page=None, *values):
    if values:
        statement = session.prepare(text)
        statement.fetch_size = page or 5000
        return list(session.execute(statement, values))
    return list(session.execute(SimpleStatement(text, fetch_size=page)))


def refused(session, text, *says, kind=InvalidRequest):
    with pytest.raises(kind) as error:
        session.execute(text)
    for part in says:
        assert part in str(error.value), f"{text}: {error.value}"


def in_order(k=1):
    """The clustering order of `mixed`: a up, b down, c up."""
    return [(a, b, c) for a in range(3) for b in (2, 1, 0) for c in range(3)]


@pytest.mark.parametrize("relation, test", [
    ("(a, b, c) > (0, 1, 1)", lambda row: row > (0, 1, 1)),
    ("(a, b, c) >= (0, 1, 1)", lambda row: row >= (0, 1, 1)),
    ("(a, b) > (0, 1)", lambda row: row[:2] > (0, 1)),
    ("(a, b) >= (0, 1) AND (a, b, c) < (2, 1, 1)", lambda row: (0, 1) <= row[:2] and row < (2, 1, 1)),
    ("(a, b, c) > (0, 1, 1) AND (a) < (2)", lambda row: row > (0, 1, 1) and row[0] < 2),
    ("a > 0 AND (a, b) < (2, 1)", lambda row: row[0] > 0 and row[:2] < (2, 1)),
    ("a = 1 AND (b, c) >= (1, 1) AND (b) < (2)", lambda row: row[0] == 1 and row[1:] >= (1, 1) and row[1] < 2),
    ("a IN (0, 2) AND (b, c) < (1, 1)", lambda row: row[0] in (0, 2) and row[1:] < (1, 1)),
    ("(a, b) IN ((2, 1), (0, 0), (2, 1)) AND c > 0", lambda row: row[:2] in ((2, 1), (0, 0)) and row[2] > 0),
    ("a = 0 AND (b, c) IN ((2, 1), (0, 0))", lambda row: row in ((0, 2, 1), (0, 0, 0))),
    ("(a, b) = (1, 2) AND c IN (2, 0)", lambda row: row[:2] == (1, 2) and row[2] in (0, 2)),
    ("(a, b, c) > (5, 5, 5)", lambda row: False),
])
def test_relations_of_several_columns(session, relation, test):
    """Slices over columns that run in different directions, both orders, any page size."""
    wanted = [row for row in in_order() if test(row)]
    text = f"SELECT a, b, c FROM mixed WHERE k = 1 AND {relation}"
    for page in (None, 1, 2, 5):
        assert rows(session, text, page) == wanted, page
        backwards = f"{text} ORDER BY a DESC, b ASC, c DESC"
        assert rows(session, backwards, page) == wanted[::-1], page


def test_marker_for_tuples(session):
    text = "SELECT a, b, c FROM mixed WHERE k = 1 AND "
    assert rows(session, text + "(a, b, c) > ?", None, (2, 0, 1)) == [
        row for row in in_order() if row > (2, 0, 1)]
    assert rows(session, text + "(a, b) IN ?", None, [(2, 2), (0, 1)]) == [
        row for row in in_order() if row[:2] in ((2, 2), (0, 1))]
    assert rows(session, text + "(a, b) IN (?, (?, 1))", None, (2, 2), 0) == [
        row for row in in_order() if row[:2] in ((2, 2), (0, 1))]
    assert rows(session, text + "a IN ?", None, [2, 0, 2]) == [
        row for row in in_order() if row[0] in (0, 2)]


def test_errors_of_several_columns(session):
    start = "SELECT * FROM mixed WHERE k = 1 AND "
    refused(session, start + "(a, c) > (1, 1)", "must appear in the PRIMARY KEY order")
    refused(session, start + "(a, a) > (1, 1)", 'Column "a" appeared twice')
    refused(session, start + "(a, v) > (1, 1)", "can only be applied to clustering columns but was applied to: v")
    refused(session, start + "(a, b) > (1, 1, 1)", "Expected 2 elements in value tuple, but got 3")
    refused(session, start + "(a, b) = 1", kind=SyntaxException)
    refused(session, start + "(a, b) > (1, 1) AND a > 0", "More than one restriction was found for the start bound on a")
    refused(session, start + "(a, b) > (1, 1) AND b < 0", "two inequalities not starting with the same column")
    refused(session, start + "(a, b) = (1, 1) AND a = 1", "cannot be restricted by more than one relation if it includes an Equal")
    refused(session, start + "(a) > (1) AND a = 1", "cannot be restricted by both an equality and an inequality relation")
    refused(session, start + "(b, c) = (1, 1)", 'PRIMARY KEY column "b" cannot be restricted as preceding column "a"')
    refused(session, start + "(a, b) = (1, null)", "Invalid null value")
    refused(session, "SELECT * FROM plain WHERE k = 1 AND (v) != (0)", 'Unsupported "!=" relation: (v) != (0)')
    # What a statement says wrong comes before what it asks wrong.
    refused(session, "SELECT DISTINCT k FROM mixed WHERE (b, c) > (1, 1) ALLOW FILTERING", "SELECT DISTINCT with WHERE")
    refused(session, "SELECT s FROM mixed WHERE k > 1 AND a = 1", FILTERING)
    refused(session, "SELECT s FROM mixed WHERE k = 1 AND a = 1", "when selecting only static columns")
    refused(session, "SELECT * FROM mixed WHERE (b, c) > (1, 1) ALLOW FILTERING",
            "Multi-column slice restrictions cannot be used for filtering")


def test_in_gives_partitions_by_value_and_rows_in_order(session):
    text = "SELECT k, a FROM mixed WHERE k IN (1, 0, 1) AND a IN (2, 0, 2) PER PARTITION LIMIT 4"
    assert rows(session, text) == [(k, a) for k in (0, 1) for a in (0, 0, 0, 0)]
    assert rows(session, "SELECT a, b FROM pairs WHERE a IN (1, 0) AND b IN (2, 0) AND c = 1") == [
        (0, 0), (0, 2), (1, 0), (1, 2)]
    assert rows(session, "SELECT k FROM plain WHERE k IN (5, 3, 5, 99)") == [(3,), (5,)]
    assert rows(session, "SELECT k FROM plain WHERE k IN ()") == []
    assert rows(session, "SELECT a FROM mixed WHERE k = 1 AND a IN ()") == []
    refused(session, "SELECT k FROM plain WHERE k IN (1, null)", "Invalid null value in condition for column k")


def test_order_over_partitions_is_made_in_memory(session):
    text = "SELECT k, a, b, c FROM mixed WHERE k IN (1, 0) ORDER BY a DESC, b ASC"
    wanted = sorted(
        ((k, *row) for k in (0, 1) for row in in_order()), key=lambda r: (-r[1], r[2]))
    assert [row[1:3] for row in session.execute(SimpleStatement(text, fetch_size=None))] == [
        row[1:3] for row in wanted]
    assert len(rows(session, text + " LIMIT 3")) == 3
    once = "SELECT DISTINCT k, s FROM mixed WHERE k IN (1, 0) ORDER BY a"
    assert sorted(session.execute(SimpleStatement(once, fetch_size=None)), key=str) == [(0, None), (1, 7)]
    for text in (text, text + " LIMIT 3", "SELECT k, count(*) FROM mixed WHERE k IN () GROUP BY k ORDER BY a"):
        with pytest.raises(InvalidRequest, match="Cannot page queries with both ORDER BY and a IN"):
            session.execute(SimpleStatement(text, fetch_size=5))


@pytest.mark.parametrize("where", ["k IN ()", "k IN (0, 1) AND a > 1 AND a < 1", "k IN (0, 1) AND a IN ()"])
def test_an_order_over_nothing_may_be_paged(session, where):
    assert rows(session, f"SELECT v FROM mixed WHERE {where} ORDER BY a", 5) == []
    assert rows(session, f"SELECT v FROM mixed WHERE {where} ORDER BY a DESC LIMIT 2", 5) == []


def test_errors_of_order(session):
    refused(session, "SELECT a FROM mixed ORDER BY a", "only supported when the partition key is restricted by an EQ or an IN")
    start = "SELECT a AS x FROM mixed WHERE k = 1 ORDER BY "
    refused(session, start + "v", "only supported on the clustered columns of the PRIMARY KEY, got v")
    refused(session, start + "b", "Order by currently only supports the ordering of columns following their declared order")
    refused(session, start + "a ASC, b ASC", "Unsupported order by relation")
    refused(session, start + "x", "Undefined column name x")
    wanted = [(2,), (1,), (0,)]
    for where in ("a = 0 AND b = 1", "(a, b) = (0, 1)", "(a, b) IN ((0, 1))", "a IN (0) AND b = 1"):
        assert rows(session, f"SELECT c FROM mixed WHERE k = 1 AND {where} ORDER BY c DESC") == wanted
    # A column that is named twice stands at its first place, with its last direction.
    twice = "SELECT a, b, c FROM mixed WHERE k = 1 ORDER BY a ASC, b ASC, a DESC"
    assert rows(session, twice) == in_order()[::-1]
    refused(session, "SELECT c FROM mixed WHERE k = 1 AND (a, b) > (0, 1) ORDER BY c", "declared order")
    refused(session, "SELECT c FROM mixed WHERE k = 1 AND a IN (0, 1) AND b = 1 ORDER BY c", "declared order")


@pytest.mark.parametrize("text, wanted", [
    ("SELECT k, count(*), max(v) FROM mixed WHERE k IN (0, 1) GROUP BY k", [(0, 27, 222), (1, 27, 222)]),
    ("SELECT a, count(v) FROM mixed WHERE k = 1 GROUP BY a", [(0, 9), (1, 9), (2, 9)]),
    ("SELECT a, b, v FROM mixed WHERE k = 1 AND a = 1 GROUP BY b", [(1, 2, 120), (1, 1, 110), (1, 0, 100)]),
    ("SELECT a, b, sum(c) FROM mixed WHERE k = 1 GROUP BY a, b LIMIT 4", [(0, 2, 3), (0, 1, 3), (0, 0, 3), (1, 2, 3)]),
    ("SELECT k, a, count(*) FROM mixed GROUP BY k, a PER PARTITION LIMIT 1", [(5, None, 1), (1, 0, 9), (0, 0, 9)]),
    ("SELECT a, count(*) FROM mixed WHERE k = 1 AND a > 0 GROUP BY a ORDER BY a DESC", [(2, 9), (1, 9)]),
    ("SELECT k, s, count(a) FROM mixed GROUP BY k", [(5, 9, 0), (1, 7, 27), (0, None, 27)]),
    ("SELECT at, count(*), sum(v) FROM events WHERE k = 1 GROUP BY floor(at, 5m)", None),
])
def test_groups(session, text, wanted):
    """Groups, with every page size; a page never ends inside of one."""
    whole = rows(session, text)
    if wanted is not None:
        assert whole == wanted
    else:
        assert [row[1:] for row in whole] == [(2, 5), (1, 6), (1, 11)]
    for page in (1, 2, 3):
        assert rows(session, text, page) == whole


def test_errors_of_groups(session):
    refused(session, "SELECT k FROM mixed GROUP BY v", "only supported on the columns of the PRIMARY KEY, got v")
    refused(session, "SELECT k FROM mixed GROUP BY k, b", "declared order in the PRIMARY KEY")
    refused(session, "SELECT a FROM pairs GROUP BY a", "not supported on only a part of the partition key")
    refused(session, "SELECT k FROM mixed GROUP BY k, max(a)", "Aggregate functions are not supported within the GROUP BY clause")
    refused(session, "SELECT k FROM events GROUP BY k, floor(at, 5m), at", "Functions are only supported on the last element")
    refused(session, "SELECT k FROM events GROUP BY k, now()", "must have one clustering column name as parameter")
    refused(session, "SELECT DISTINCT k FROM mixed GROUP BY k, a", "not allowed for SELECT DISTINCT")
    refused(session, "SELECT count(*) FROM mixed PER PARTITION LIMIT 1", "not allowed with aggregate queries")


def test_limits(session):
    for text in ("LIMIT 0", "LIMIT -1", "PER PARTITION LIMIT 0"):
        refused(session, f"SELECT * FROM mixed {text}", "LIMIT must be strictly positive")
    statement = session.prepare("SELECT k FROM plain LIMIT ?")
    assert len(list(session.execute(statement, [3]))) == 3
    with pytest.raises(InvalidRequest, match="Invalid null value of limit"):
        session.execute(statement, [None])
    with pytest.raises(InvalidRequest, match="strictly positive"):
        session.execute(statement, [0])
    for page in (None, 1, 2, 3):
        assert rows(session, "SELECT k, a FROM mixed PER PARTITION LIMIT 2 LIMIT 4", page) == [
            (5, None), (1, 0), (1, 0), (0, 0)]


def test_distinct(session):
    for page in (None, 1, 2):
        assert rows(session, "SELECT DISTINCT k, s FROM mixed", page) == [(5, 9), (1, 7), (0, None)]
        assert rows(session, "SELECT DISTINCT k FROM mixed WHERE s = 7 ALLOW FILTERING", page) == [(1,)]
    assert rows(session, "SELECT DISTINCT k, count(*) FROM mixed")[0][1] == 3
    refused(session, "SELECT DISTINCT k, a FROM mixed", "(not a)")
    refused(session, "SELECT DISTINCT s FROM mixed", "must request all the partition key columns (missing k)")
    refused(session, "SELECT DISTINCT k FROM mixed WHERE a = 1", "only supports restriction by partition key and/or static")
    refused(session, "SELECT DISTINCT k FROM mixed PER PARTITION LIMIT 1", "not allowed with SELECT DISTINCT")
    refused(session, "SELECT s FROM mixed WHERE k = 1 AND a = 1", "when selecting only static columns")


@pytest.mark.parametrize("where, keys", [
    ("v = 1", {1, 4, 7}), ("v > 1", {2, 5}), ("v IN (0, 2)", {0, 2, 3, 5, 6}), ("t >= 't6'", {6, 7}),
    ("l CONTAINS 4", {4}), ("z CONTAINS 9", set(range(8))), ("m CONTAINS 2", set(range(8))),
    ("m CONTAINS KEY 'q'", set()), ("m['x'] = 3", {3}), ("m['x'] = 3 AND m['y'] = 2", {3}),
    ("f = {'x': 2}", {2}), ("f CONTAINS 5", {5}), ("k > 5", {6, 7}), ("v = 1 AND k >= 4 AND t = 't7'", {7}),
])
def test_filtering(session, where, keys):
    text = f"SELECT k FROM plain WHERE {where}"
    refused(session, text, FILTERING)
    for page in (None, 1, 3):
        found = rows(session, text + " ALLOW FILTERING", page)
        assert len(found) == len(keys) and {row[0] for row in found} == keys


def test_errors_of_relations(session):
    start = "SELECT * FROM plain WHERE "
    end = " ALLOW FILTERING"
    refused(session, start + "nope = 1", "Undefined column name nope")
    refused(session, start + "k = 'a'", 'Invalid STRING constant (a) for "k" of type int')
    refused(session, start + "k != 1", 'Unsupported "!=" relation: k != 1')
    refused(session, start + "k IS NOT NULL", "Unsupported restriction: k IS NOT NULL")
    refused(session, start + "t LIKE 'a%'", "LIKE restriction is only supported on properly indexed columns")
    refused(session, start + "l = [1]" + end, "Collection column 'l' (list<int>) cannot be restricted by a '=' relation")
    refused(session, start + "v CONTAINS 1" + end, "Cannot use CONTAINS on non-collection column v")
    refused(session, start + "l CONTAINS KEY 1" + end, "Cannot use CONTAINS KEY on non-map column l")
    refused(session, start + "f['x'] = 1" + end, "Map-entry equality predicates on frozen map column f")
    refused(session, start + "m['x'] > 1" + end, "Only EQ relations are supported on map entries")
    refused(session, start + "v = null" + end, "Unsupported null value for column v")
    refused(session, start + "m['x'] = null" + end, "Unsupported null map value for column m")
    refused(session, start + "v = 1 AND v = 2" + end, "cannot be restricted by more than one relation if it includes an Equal")
    refused(session, start + "v > 1 AND v > 2" + end, "More than one restriction was found for the start bound on v")
    refused(session, start + "v BETWEEN 1 AND 2" + end, kind=SyntaxException)
    mixed = "SELECT * FROM mixed WHERE k = 1 AND "
    refused(session, mixed + "b = 1", 'PRIMARY KEY column "b" cannot be restricted as preceding column "a" is not restricted')
    refused(session, mixed + "a > 1 AND b = 1", "is restricted by a non-EQ relation")
    refused(session, mixed + "v = 1", FILTERING)
    refused(session, "SELECT * FROM mixed WHERE a = 1", FILTERING)
    refused(session, "SELECT * FROM pairs WHERE a = 1", FILTERING)
    refused(session, "SELECT * FROM system.local WHERE cluster_name = 'x'", FILTERING)


def test_clustering_ranges_of_a_scan(session):
    for page in (None, 1, 4):
        text = "SELECT k, a, b, c FROM mixed WHERE a = 1 AND b = 2 ALLOW FILTERING"
        assert sorted(rows(session, text, page)) == [(k, 1, 2, c) for k in (0, 1) for c in range(3)]
        text = "SELECT k, a, b, c FROM mixed WHERE (a, b) >= (2, 1) AND token(k) > -9223372036854775808 ALLOW FILTERING"
        assert len(rows(session, text, page)) == 12


def test_tokens(session):
    whole = rows(session, "SELECT DISTINCT k, token(k) FROM mixed")
    assert [token for _, token in whole] == sorted(token for _, token in whole)
    for k, token in whole:
        assert rows(session, f"SELECT DISTINCT k FROM mixed WHERE token(k) = {token}") == [(k,)]
        assert rows(session, f"SELECT DISTINCT k FROM mixed WHERE token(k) >= token({k}) AND k = {k}") == [(k,)]
        assert rows(session, f"SELECT DISTINCT k FROM mixed WHERE token(k) > {token} AND k = {k}") == []
    refused(session, "SELECT * FROM pairs WHERE token(a) > 1", "must be applied to all partition key components")
    refused(session, "SELECT * FROM pairs WHERE token(b, a) > 1", "must be in the partition key order")
    refused(session, "SELECT * FROM pairs WHERE token(a, b) > 1 AND token(a, b) > 2", "More than one restriction was found for the start bound on a, b")
    refused(session, "SELECT * FROM pairs WHERE token(a, b) > 1 AND c = 1", FILTERING)


def test_errors_of_tokens(session):
    refused(session, "SELECT * FROM plain WHERE token(k, k) > 1", "contains duplicate partition key components")
    refused(session, "SELECT * FROM plain WHERE token(k, v) > 1", "must contains only partition key components")
    refused(session, "SELECT * FROM pairs WHERE token(a, c) > 1", "must be applied to all partition key components")
    refused(session, "SELECT * FROM plain WHERE token(k) != 1", 'Unsupported "!=" relation')
    refused(session, "SELECT * FROM plain WHERE token(k) > token(1, 2)",
            "function system.token: 1 required but 2 provided")
    assert rows(session, "SELECT system.token(k) FROM plain WHERE k = 1") == rows(
        session, "SELECT token(k) FROM plain WHERE k = 1")


def test_what_no_key_can_be_is_in_no_row(session):
    session.execute("CREATE TABLE words (k text, a text, b int, PRIMARY KEY (k, a))")
    session.execute("INSERT INTO words (k, a, b) VALUES ('k', 'a', 1)")
    long = "x" * 70_000
    start = "SELECT b FROM words WHERE k = 'k' AND "
    for where, found in (("a = ?", 0), ("a > ?", 0), ("a < ?", 1), ("a IN (?, 'a')", 1), ("(a) >= (?)", 0)):
        assert len(rows(session, start + where, None, long)) == found
    with pytest.raises(InvalidRequest, match="Key length of 70000 is longer than maximum"):
        rows(session, "SELECT b FROM words WHERE k = ?", None, long)
    session.execute("CREATE INDEX ON words (a)")
    with pytest.raises(InvalidRequest, match="Index expression values may not be larger than 64K"):
        rows(session, "SELECT b FROM words WHERE a = ?", None, long)


def test_one_index_answers_one_relation(session):
    session.execute("CREATE TABLE found (k int, a int, b int, c int, m map<text, int>, PRIMARY KEY (k, a, b))")
    for column in ("a", "keys(m)", "c"):
        session.execute(f"CREATE INDEX ON found ({column})")
    session.execute("INSERT INTO found (k, a, b, c, m) VALUES (1, 2, 3, 4, {'x': 5})")
    start = "SELECT k FROM found WHERE "
    for where in ("(a) = (2)", "(a) IN ((2))", "m CONTAINS KEY 'x'", "k = 1 AND (a, b) = (2, 3) AND c = 4"):
        assert rows(session, start + where) == [(1,)], where
    for where in (
        "(a, b) = (2, 3)", "m CONTAINS KEY 'x' AND m CONTAINS 5", "m CONTAINS 5 AND m CONTAINS KEY 'x'",
        "a = 2 AND c = 4", "(a) IN ((2)) AND c = 4",
    ):
        refused(session, start + where, FILTERING)
        assert rows(session, start + where + " ALLOW FILTERING") == [(1,)], where
    refused(session, start + "k = 1 AND a > 1 AND b = 3 AND c = 4",
            'Clustering column "b" cannot be restricted (preceding column "a"')
    refused(session, start + "b = 3 AND k = 1 AND c = 4 AND a > 1",
            'PRIMARY KEY column "b" cannot be restricted (preceding column "a"')
    session.execute("CREATE INDEX ON found (b)")
    for where in ("k = 1 AND a > 1 AND b = 3", "k = 1 AND a > 1 AND (b) = (3)"):
        refused(session, start + where, FILTERING)
        assert rows(session, start + where + " ALLOW FILTERING") == [(1,)], where


def test_json_rows(session):
    assert rows(session, "SELECT JSON k, m, l FROM plain WHERE k = 1") == [
        ('{"k": 1, "m": {"x": 1, "y": 2}, "l": [1, 1]}',)]
    assert rows(session, 'SELECT JSON max(v) AS "Most", k FROM plain WHERE k = 1') == [
        ('{"\\"Most\\"": 1, "k": 1}',)]
    assert rows(session, "SELECT JSON a, count(*) FROM mixed WHERE k = 1 GROUP BY a LIMIT 1") == [
        ('{"a": 0, "count": 9}',)]


def test_long_scans_let_others_read(session):
    """More rows than one turn looks at: the whole is still one answer, and pages still add up."""
    name = f"long{uuid.uuid4().hex[:8]}"
    session.execute(f"CREATE TABLE {name} (k int, c int, PRIMARY KEY (k, c))")
    insert = session.prepare(f"INSERT INTO {name} (k, c) VALUES (?, ?)")
    from cassandra.concurrent import execute_concurrent_with_args
    execute_concurrent_with_args(
        session, insert, [(k, c) for k in range(3) for c in range(8_000)], concurrency=200)
    assert rows(session, f"SELECT count(*) FROM {name}") == [(24_000,)]
    assert rows(session, f"SELECT k, c FROM {name} WHERE c = 7999 ALLOW FILTERING", 1) == [
        (1, 7999), (0, 7999), (2, 7999)]
    assert len(rows(session, f"SELECT k, max(c) FROM {name} GROUP BY k", 1)) == 3
    future = session.execute_async(f"SELECT count(*) FROM {name}")
    future.result()
    assert future.warnings == ["Aggregation query used without partition key"]
