# count, min, max, sum and avg of the CQL store over every type, as Cassandra 5.0 has them.

import decimal
import math
import sys

import pytest
from cassandra import InvalidRequest
from cassandra.query import SimpleStatement
from cql_tools import keyspace

D = decimal.Decimal
DOUBLE_MAX = sys.float_info.max


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "aggregates", tuples=True) as session:
        yield session


def column(session, type, values):
    name = "t_" + "".join(c for c in type if c.isalnum()) + str(abs(hash(str(values))) % 10**6)
    session.execute(f"CREATE TABLE {name} (k int PRIMARY KEY, v {type})")
    insert = session.prepare(f"INSERT INTO {name} (k, v) VALUES (?, ?)")
    for k, value in enumerate(values):
        session.execute(insert, (k, value))
    return session.execute(f"SELECT count(*), count(v), min(v), max(v), sum(v), avg(v) FROM {name}").one()


@pytest.mark.parametrize("type, values, wanted", [
    ("int", [1, 2, None, 6], (4, 3, 1, 6, 9, 3)), ("int", [], (0, 0, None, None, 0, 0)),
    ("int", [2**31 - 1, 1], (2, 2, 1, 2**31 - 1, -(2**31), 2**30)),
    ("bigint", [2**63 - 1, 2**63 - 3], (2, 2, 2**63 - 3, 2**63 - 1, -4, 2**63 - 2)),
    ("tinyint", [127, 127], (2, 2, 127, 127, -2, 127)), ("smallint", [-7, 2], (2, 2, -7, 2, -5, -2)),
    ("varint", [10**30, -1, 2], (3, 3, -1, 10**30, 10**30 + 1, (10**30 + 1) // 3)),
    ("decimal", [D("1.5"), D("2.25")], (2, 2, D("1.5"), D("2.25"), D("3.75"), D("1.87"))),
    ("decimal", [], (0, 0, None, None, D(0), D(0))),
    ("double", [1.5, 2.5], (2, 2, 1.5, 2.5, 4.0, 2.0)), ("float", [0.5, 0.25], (2, 2, 0.25, 0.5, 0.75, 0.375)),
    ("decimal", [D(1), D(2), D(2), D(3)], (4, 4, D(1), D(3), D(8), D(2))),
    ("double", [1.7e308, 1.7e308], (2, 2, 1.7e308, 1.7e308, math.inf, 1.7e308)),
    ("double", [DOUBLE_MAX] * 3, (3, 3, DOUBLE_MAX, DOUBLE_MAX, math.inf, DOUBLE_MAX)),
    ("double", [1.0, math.inf, 2.0], (3, 3, 1.0, math.inf, math.inf, math.inf)),
])
def test_numbers(session, type, values, wanted):
    assert column(session, type, values) == wanted


def test_sums_of_reals_are_compensated(session):
    assert column(session, "double", [0.1] * 10)[4] == 1.0


def test_min_and_max_of_anything(session):
    session.execute(
        "CREATE TABLE things (k int PRIMARY KEY, t text, b blob, l list<int>, m frozen<map<text, int>>, "
        "p tuple<int, text>, d date, o boolean)")
    session.execute("INSERT INTO things (k, t, b, l, m, p, d, o) VALUES (1, 'a', 0x01, [1, 2], {'a': 1}, (1, 'x'), '2020-01-01', true)")
    session.execute("INSERT INTO things (k, t, b, l, m, p, d, o) VALUES (2, 'b', 0x0001, [1, 3], {'b': 0}, (1, 'a'), '2019-01-01', false)")
    row = session.execute("SELECT max(t), min(b), max(l), min(m), max(p), min(d), max(o) FROM things").one()
    assert row[:2] == ("b", b"\x00\x01") and list(row[2]) == [1, 3] and dict(row[3]) == {"a": 1}
    assert row[4] == (1, "x") and str(row[5]) == "2019-01-01" and row[6] is True
    for text in ("sum(t)", "avg(d)", "sum(l)"):
        with pytest.raises(InvalidRequest, match="none of its type signatures match"):
            session.execute(f"SELECT {text} FROM things")


def test_counters(session):
    session.execute("CREATE TABLE counted (k int PRIMARY KEY, c counter)")
    session.execute("UPDATE counted SET c = c + 5 WHERE k = 1")
    session.execute("UPDATE counted SET c = c + 2 WHERE k = 2")
    result = session.execute("SELECT sum(c), avg(c), min(c), max(c), count(c) FROM counted")
    assert result.one() == (7, 3, 2, 5, 2)
    assert {type.cql_parameterized_type() for type in result.column_types} == {"bigint"}


def test_inside_of_other_selectors(session):
    session.execute("CREATE TABLE nested (k int, c int, v int, PRIMARY KEY (k, c))")
    for c in range(5):
        session.execute(f"INSERT INTO nested (k, c, v) VALUES (1, {c}, {c * c})")
    result = session.execute(
        "SELECT sum(v) + 1, max(v + c), CAST(avg(CAST(v AS double)) AS text), c, count(*) - count(v), -max(v), "
        "abs(min(v) - max(c)) AS x FROM nested WHERE k = 1")
    assert result.one() == (31, 20, "6.0", 0, 0, -16, 4)
    assert result.column_names == [
        "system.sum(v) + 1", "system.max(v + c)", "cast(system.avg(cast(v as double)) as text)", "c",
        "count - system.count(v)", "-system.max(v)", "x"]
    assert session.execute("SELECT max(v), c, count(*) FROM nested WHERE k = 9").one() == (None, None, 0)
    assert session.execute("SELECT count(*) FROM nested LIMIT 1").one() == (5,)
    assert session.execute(SimpleStatement("SELECT sum(v), count(1) FROM nested", fetch_size=1)).one() == (30, 5)


def test_warnings(session):
    session.execute("CREATE TABLE warned (k int PRIMARY KEY)")
    def warnings(text):
        future = session.execute_async(text)
        future.result()
        return future.warnings
    assert warnings("SELECT count(*) FROM warned") == ["Aggregation query used without partition key"]
    assert warnings("SELECT count(*) FROM warned WHERE k IN (1, 2)") == [
        "Aggregation query used on multiple partition keys (IN restriction)"]
    assert not warnings("SELECT count(*) FROM warned WHERE k = 1")
    assert not warnings("SELECT k FROM warned")
