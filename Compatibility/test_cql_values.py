"""Every type of CQL through cassandra-driver: as a value, as a key, as a literal."""

import datetime
import decimal
import uuid

import pytest
from cassandra import InvalidRequest
from cassandra.util import Date, Duration, SortedSet, Time
from cql_tools import connect, session, table  # noqa: F401 (two are fixtures)

VALUES = {
    "ascii": ["", "abc", "zz"],
    "bigint": [-(2**63), -1, 0, 1, 2**63 - 1],
    "blob": [b"", b"\x00", b"\x00\x00\xff", b"\xff\xfe"],
    "boolean": [False, True],
    "date": [Date(-719_162), Date(0), Date(20_000)],
    "decimal": [decimal.Decimal(x) for x in ("-1E+400", "-10.5", "-0.001", "0", "1E-7", "3.14", "1E+30")],
    "double": [float("-inf"), -1.5, 0.0, 1e-300, 2.5, float("inf")],
    "float": [-1.5, 0.0, 0.25, 3.0],
    "inet": ["::1", "10.0.0.1", "192.168.1.1", "fe80::1"],
    "int": [-(2**31), -1, 0, 1, 2**31 - 1],
    "smallint": [-(2**15), -1, 0, 2**15 - 1],
    "text": ["", "Zoë", "a", "a\x00b", "日本", "𝄞"],
    "time": [Time(0), Time(1), Time("23:59:59.999999999")],
    "timestamp": [
        datetime.datetime(1969, 12, 31, 23, 59, 59, 999000),
        datetime.datetime(2020, 2, 29, 12, 0),
    ],
    "timeuuid": [uuid.UUID("00000000-0000-1000-8080-808080808080"), uuid.uuid1()],
    "tinyint": [-128, -1, 0, 127],
    "uuid": [uuid.UUID(int=0), uuid.UUID("aaaaaaaa-0000-4000-8000-000000000001"), uuid.UUID("ffffffff-0000-4000-8000-000000000001")],
    "varint": [-(2**200), -256, -255, -1, 0, 127, 128, 2**64, 2**200],
    "frozen<list<int>>": [[], [1], [1, 2], [2]],
    "frozen<set<text>>": [SortedSet([]), SortedSet(["a", "b"])],
    "frozen<map<int, text>>": [{1: "a"}, {1: "a", 2: "b"}],
    "frozen<tuple<int, text>>": [(1, None), (1, "a"), (2, "")],
}
UNORDERED = {"duration": [Duration(1, 2, 3), Duration(-14, 0, -1)]}


def same(left, right):
    if isinstance(right, dict):
        return dict(left) == right
    return left == right or (left is None and right is None)


@pytest.mark.parametrize("version", [3, 4, 5])
def test_every_type_comes_back(stack, session, table, version):
    cluster = connect(stack, protocol_version=version)
    other = cluster.connect("compat")
    for type_name, values in (VALUES | UNORDERED).items():
        name = table(f"k int PRIMARY KEY, v {type_name}")
        cluster.refresh_schema_metadata()
        insert = other.prepare(f"INSERT INTO {name} (k, v) VALUES (?, ?)")
        for index, value in enumerate(values):
            other.execute(insert, (index, value))
            row = other.execute(f"SELECT v FROM {name} WHERE k = %s", (index,)).one()
            assert same(row.v, value), type_name
    cluster.shutdown()


@pytest.mark.parametrize("type_name", list(VALUES))
def test_every_type_orders_and_keys(session, table, type_name):
    """As a partition key, and as a clustering key in both directions, by literals and by binds."""
    values = VALUES[type_name]
    name = table(f"k {type_name}, v int, PRIMARY KEY (k)")
    insert = session.prepare(f"INSERT INTO {name} (k, v) VALUES (?, ?)")
    select = session.prepare(f"SELECT k, v FROM {name} WHERE k = ?")
    for index, value in enumerate(values):
        if isinstance(value, (str, bytes)) and not value:
            with pytest.raises(InvalidRequest):
                session.execute(insert, (value, index))
            continue
        session.execute(insert, (value, index))
        row = session.execute(select, (value,)).one()
        assert (same(row.k, value), row.v) == (True, index)
    for order in ("ASC", "DESC"):
        name = table(
            f"p int, c {type_name}, v int, PRIMARY KEY (p, c)",
            f"WITH CLUSTERING ORDER BY (c {order})",
        )
        insert = session.prepare(f"INSERT INTO {name} (p, c, v) VALUES (0, ?, ?)")
        for index, value in reversed(list(enumerate(values))):
            session.execute(insert, (value, index))
        indexes = list(range(len(values)))
        rows = list(session.execute(f"SELECT c, v FROM {name} WHERE p = 0 ORDER BY c ASC"))
        assert [row.v for row in rows] == indexes
        assert all(same(row.c, value) for row, value in zip(rows, values))
        rows = session.execute(f"SELECT v FROM {name} WHERE p = 0 ORDER BY c DESC")
        assert [row.v for row in rows] == indexes[::-1]
        for operator, kept in [(">", indexes[2:]), (">=", indexes[1:]), ("<", indexes[:1])]:
            if len(values) < 2:
                continue
            prepared = session.prepare(
                f"SELECT v FROM {name} WHERE p = 0 AND c {operator} ? ORDER BY c ASC"
            )
            assert [row.v for row in session.execute(prepared, (values[1],))] == kept


def test_literals(session, table):
    name = table(
        "k int PRIMARY KEY, a ascii, b bigint, c blob, d boolean, e date, f decimal, g double,"
        " h duration, i float, j inet, l smallint, m text, n time, o timestamp, p timeuuid,"
        " q tinyint, r uuid, s varint, t list<int>, u set<text>, v map<text, int>,"
        " w tuple<int, text>"
    )
    session.execute(
        f"INSERT INTO {name} (k, a, b, c, d, e, f, g, h, i, j, l, m, n, o, p, q, r, s, t, u, v, w)"
        " VALUES (-1, 'x', 9223372036854775807, 0xCAFE, TRUE, '2020-02-29', 1.50, -1e10,"
        " 1y2mo3d4h5m6s7ms, 1.5, '127.0.0.1', -7, 'it''s', '08:12:54.123456789',"
        " '2011-02-03 04:05:06.789+0100', 50554d6e-29bb-11e5-b345-feff819cdc9f, 1,"
        " 123e4567-e89b-42d3-a456-426614174000, 123456789012345678901234567890, [1, 2],"
        " {'b', 'a'}, {'x': 1}, (1, 'a')) -- a comment"
    )
    row = session.execute(f"SELECT * FROM {name} WHERE k = -1").one()
    assert (row.a, row.b, row.c, row.d) == ("x", 2**63 - 1, b"\xca\xfe", True)
    assert (row.e, row.f, row.g) == (Date("2020-02-29"), decimal.Decimal("1.50"), -1e10)
    assert row.h == Duration(14, 3, 4 * 3600 * 10**9 + 306 * 10**9 + 7 * 10**6)
    assert (row.j, row.m, row.n) == ("127.0.0.1", "it's", Time("08:12:54.123456789"))
    assert row.o == datetime.datetime(2011, 2, 3, 3, 5, 6, 789000)
    assert (row.s, row.t, set(row.u), dict(row.v), row.w) == (
        123456789012345678901234567890, [1, 2], {"a", "b"}, {"x": 1}, (1, "a"),
    )


def test_user_defined_types(session, table):
    session.execute("CREATE TYPE IF NOT EXISTS address (street text, number int)")
    name = table("k int PRIMARY KEY, a frozen<address>, l list<frozen<address>>")
    session.execute(
        f"INSERT INTO {name} (k, a, l) VALUES (1, {{street: 'x', number: 2}}, [{{street: 'y'}}])"
    )
    row = session.execute(f"SELECT a, a.street AS street, l FROM {name}").one()
    assert (row.a.street, row.a.number, row.street) == ("x", 2, "x")
    assert row.l[0].street == "y" and row.l[0].number is None
    with pytest.raises(InvalidRequest):
        session.execute("DROP TYPE address")


def test_durations_that_are_none(session, table):
    name = table("k int PRIMARY KEY, d duration")
    insert = session.prepare(f"INSERT INTO {name} (k, d) VALUES (1, ?)")
    for value, text in (
        (Duration(2, -2, 0), r"months, days and nanoseconds must be all of the same sign \(2, -2, 0\)"),
        (Duration(-2, 0, 5), r"must be all of the same sign \(-2, 0, 5\)"),
        (Duration(2**63 - 1, 1, 0), "The duration months must be a 32 bits integer but was: 9223372036854775807"),
        (Duration(0, 2**31, 0), "The duration days must be a 32 bits integer but was: 2147483648"),
    ):
        with pytest.raises(InvalidRequest, match=text):
            session.execute(insert, (value,))
    for literal in ("1y-2mo", "9223372036854775807d"):
        with pytest.raises(Exception, match="duration|Invalid|syntax|input"):
            session.execute(f"INSERT INTO {name} (k, d) VALUES (1, {literal})")
