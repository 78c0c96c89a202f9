"""Every type behind a storage-attached index: equality, ranges, collections, several indexes at once."""

import datetime
import decimal
import ipaddress
import random
import uuid

import pytest
from cassandra.util import Date, Time
from cql_tools import fails, keyspace, rows, table  # noqa: F401 (`table` is a fixture)

SEED = 4
VALUES = 24


@pytest.fixture(scope="module")
def session(stack):
    print("seed", SEED)
    with keyspace(stack, "index_types") as session:
        yield session


def address_order(text):
    """IPv4 addresses stand among the others as mapped IPv6 addresses."""
    address = ipaddress.ip_address(text)
    return int(address) if address.version == 6 else (0xFFFF << 32) + int(address)


def instant(chance):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=chance.randrange(3 * 10**9))


def address(chance):
    if chance.random() < 0.5:
        return str(ipaddress.IPv4Address(chance.getrandbits(32)))
    return str(ipaddress.IPv6Address(chance.getrandbits(128)))


def letters(chance, alphabet):
    return "".join(chance.choice(alphabet) for _ in range(chance.randint(8, 40)))


# How a value is made, and what orders them; without an order only equality is served.
TYPES = {
    "int": (lambda c: c.randint(-(2**31), 2**31 - 1), int),
    "bigint": (lambda c: c.randint(-(2**63), 2**63 - 1), int),
    "smallint": (lambda c: c.randint(-(2**15), 2**15 - 1), int),
    "tinyint": (lambda c: c.randint(-128, 127), int),
    "varint": (lambda c: c.choice((1, -1)) * c.getrandbits(c.choice((9, 64, 150))), int),
    "decimal": (lambda c: decimal.Decimal(c.randint(-(10**6), 10**6)).scaleb(c.randint(-60, 60)), decimal.Decimal),
    "double": (lambda c: c.uniform(-1e9, 1e9), float),
    "date": (lambda c: Date(c.randint(-600000, 2000000)), lambda d: d.days_from_epoch),
    "time": (lambda c: Time(c.randrange(86_400_000_000_000)), lambda t: t.nanosecond_time),
    "timestamp": (instant, lambda t: t),
    "inet": (address, address_order),
    "ascii": (lambda c: letters(c, "abcXYZ019 '"), None),
    "text": (lambda c: letters(c, "abcäß中😀 '"), None),
    "uuid": (lambda c: uuid.UUID(int=c.getrandbits(128), version=4), None),
    "boolean": (lambda c: c.random() < 0.5, None),
}


def made(kind):
    make, order = TYPES[kind]
    chance = random.Random(f"{SEED} {kind}")
    values = [make(chance) for _ in range(VALUES)]
    return sorted(set(values), key=order) if order else values


def found(session, name, where, *values):
    statement = session.prepare(f"SELECT pk, ck FROM {name} WHERE {where}")
    return sorted(tuple(row) for row in session.execute(statement, values))


@pytest.mark.parametrize("kind", TYPES)
def test_a_column_of_each_type(session, table, kind):
    name = table(f"pk int, ck int, v {kind}, PRIMARY KEY (pk, ck)")
    session.execute(f"CREATE INDEX ON {name} (v) USING 'sai'")
    values = made(kind)
    insert = session.prepare(f"INSERT INTO {name} (pk, ck, v) VALUES (?, ?, ?)")
    places = {(i // 4, i % 4): value for i, value in enumerate(values)}
    for (pk, ck), value in places.items():
        session.execute(insert, (pk, ck, value))

    def wanted(test):
        return sorted(place for place, value in places.items() if test(value))

    for value in values[::3]:
        assert found(session, name, "v = ?", value) == wanted(lambda v: v == value)
    order = TYPES[kind][1]
    if not order:
        return
    for value in values[::5]:
        mark = order(value)
        assert found(session, name, "v > ?", value) == wanted(lambda v: order(v) > mark)
        assert found(session, name, "v >= ?", value) == wanted(lambda v: order(v) >= mark)
        assert found(session, name, "v < ?", value) == wanted(lambda v: order(v) < mark)
        assert found(session, name, "v <= ?", value) == wanted(lambda v: order(v) <= mark)
    low, high = order(values[3]), order(values[-4])
    between = wanted(lambda v: low < order(v) <= high)
    assert found(session, name, "v > ? AND v <= ?", values[3], values[-4]) == between
    # What is gone is not found, and what came instead is.
    session.execute(f"DELETE v FROM {name} WHERE pk = 0 AND ck = 0")
    session.execute(session.prepare(f"UPDATE {name} SET v = ? WHERE pk = 0 AND ck = 1"), (values[-1],))
    del places[0, 0]
    places[0, 1] = values[-1]
    for value in (values[0], values[1], values[-1]):
        assert found(session, name, "v = ?", value) == wanted(lambda v: v == value)


@pytest.mark.parametrize("kind", ["int", "varint", "text", "inet", "timestamp"])
def test_maps_of_each_type(session, table, kind):
    name = table(f"pk int, ck int, v map<{kind}, {kind}>, PRIMARY KEY (pk, ck)")
    for part in ("KEYS", "VALUES", "ENTRIES"):
        session.execute(f"CREATE INDEX ON {name} ({part}(v)) USING 'sai'")
    chance = random.Random(SEED)
    values = made(kind)
    places = {}
    insert = session.prepare(f"INSERT INTO {name} (pk, ck, v) VALUES (?, ?, ?)")
    for i in range(VALUES):
        places[i // 4, i % 4] = {chance.choice(values): chance.choice(values) for _ in range(4)}
        session.execute(insert, (i // 4, i % 4, places[i // 4, i % 4]))

    def wanted(test):
        return sorted(place for place, value in places.items() if test(value))

    for map_ in list(places.values())[::5]:
        (key, value), (other, last) = list(map_.items())[0], list(map_.items())[-1]
        assert found(session, name, "v CONTAINS ?", value) == wanted(lambda m: value in m.values())
        assert found(session, name, "v CONTAINS KEY ?", key) == wanted(lambda m: key in m)
        assert found(session, name, "v[?] = ?", key, value) == wanted(lambda m: m.get(key) == value)
        both = wanted(lambda m: m.get(key) == value and m.get(other) == last)
        assert found(session, name, "v[?] = ? AND v[?] = ? ALLOW FILTERING", key, value, other, last) == both


def test_regular_and_static_columns_together(session, table):
    name = table("pk int, ck int, v1 int, v2 int, s1 int static, s2 int static, PRIMARY KEY (pk, ck)")
    for column in ("v1", "v2", "s1", "s2"):
        session.execute(f"CREATE INDEX ON {name} ({column}) USING 'sai'")
    chance = random.Random(SEED)
    data = {}
    insert = session.prepare(f"INSERT INTO {name} (pk, ck, v1, v2, s1, s2) VALUES (?, ?, ?, ?, ?, ?)")
    for pk in range(12):
        fixed = (chance.randrange(5), chance.randrange(5))
        for ck in range(chance.randint(1, 20)):
            data[pk, ck] = (chance.randrange(5), chance.randrange(5), *fixed)
            session.execute(insert, (pk, ck, *data[pk, ck]))

    def wanted(test):
        return sorted(place for place, row in data.items() if test(*row))

    for a in range(5):
        for b in range(0, 5, 2):
            assert found(session, name, "v1 = ? AND v2 > ?", a, b) == wanted(lambda x, y, s, t: x == a and y > b)
            assert found(session, name, "s1 > ? AND s2 > ?", a, b) == wanted(lambda x, y, s, t: s > a and t > b)
            assert found(session, name, "v1 = ? AND s2 > ?", a, b) == wanted(lambda x, y, s, t: x == a and t > b)
            three = wanted(lambda x, y, s, t: x == a and y > b and t > b)
            assert found(session, name, "v1 = ? AND v2 > ? AND s2 > ?", a, b, b) == three
            of_one = [place for place in wanted(lambda x, y, s, t: x > a and t > b) if place[0] == 3]
            assert found(session, name, "pk = 3 AND v1 > ? AND s2 > ?", a, b) == of_one


def test_addresses_of_both_lengths(session, table):
    name = table("pk int, ck int, ip inet, PRIMARY KEY (pk, ck)")
    session.execute(f"CREATE INDEX ON {name} (ip) USING 'sai'")
    texts = ["127.0.0.1", "127.0.0.2", "::ffff:7f00:3", "2002:4559:1fe2::4559:1fe2", "::1"]
    for ck, text in enumerate(texts, 1):
        session.execute(f"INSERT INTO {name} (pk, ck, ip) VALUES (1, {ck}, '{text}')")

    def marks(where):
        return sorted(row[0] for row in rows(session, f"SELECT ck FROM {name} WHERE {where}"))

    assert marks("ip = '::ffff:7f00:1'") == [1]
    assert marks("ip > '127.0.0.1'") == marks("ip > '::ffff:7f00:1'") == [2, 3, 4]
    assert marks("ip < '127.0.0.3'") == [1, 2, 5]
    assert marks("ip >= '127.0.0.1' AND ip <= '::ffff:7f00:3'") == [1, 2, 3]
    assert marks("ip >= '::' AND ip <= 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'") == [1, 2, 3, 4, 5]
    # Without an index they are bytes.
    plain = table("k int PRIMARY KEY, ip inet")
    session.execute(f"INSERT INTO {plain} (k, ip) VALUES (1, '2002::1')")
    assert rows(session, f"SELECT k FROM {plain} WHERE ip > '127.0.0.1' ALLOW FILTERING") == []


def test_expressions_of_custom_indexes(session, table):
    name = table("k int PRIMARY KEY, v int, w int")
    missing = f"Invalid index expression, index foo not found for index_types.{name}"
    fails(session, f"SELECT * FROM {name} WHERE expr(foo, 'x')", missing)
    fails(session, f"SELECT * FROM {name} WHERE k = 1 AND expr(foo, ?)", missing)
    fails(
        session, f"SELECT * FROM {name} WHERE expr(foo, 'x') AND expr(bar, 1)",
        "Multiple custom index expressions in a single query are not supported")
    bare = name.split(".")[-1]
    session.execute(f"CREATE INDEX {bare}_old ON {name} (v) USING 'legacy_local_table'")
    session.execute(f"CREATE INDEX {bare}_sai ON {name} (w) USING 'sai'")
    fails(
        session, f"SELECT * FROM {name} WHERE expr({bare}_old, 'x')",
        f"Only CUSTOM indexes may be used in custom index expressions, {bare}_old is not valid")
    fails(
        session, f"SELECT * FROM {name} WHERE expr({bare}_sai, 'x')",
        f"Index {bare}_sai does not support custom expressions")
    fails(
        session, f"DELETE FROM {name} WHERE k = 1 AND expr({bare}_sai, 'x')",
        "Custom index expressions cannot be used in WHERE clauses for UPDATE or DELETE statements")


def test_what_only_a_hint_makes_a_map(session, table):
    name = table("k int PRIMARY KEY, v int")
    session.execute(f"INSERT INTO {name} (k, v) VALUES (1, 2)")
    for text in ("{k: v}", "{1: 2}", "{'min': min(k)}", "[{k: v}]"):
        fails(session, f"SELECT {text} FROM {name}", "Cannot infer type for term {" if text[0] == "{" else "Cannot infer")
    fails(session, f"SELECT max({{1: 10}}) FROM {name}", "Cannot infer type of argument {1: 10}")
    assert rows(session, f"SELECT (map<int, int>){{k: v}} FROM {name}") == [({1: 2},)]


def test_no_time_at_all_and_text_behind_json(session, table):
    name = table("k int PRIMARY KEY, d duration, n int")
    session.execute(f"INSERT INTO {name} (k, d) VALUES (1, 0s)")
    assert rows(session, f"SELECT to_json(d) FROM {name} WHERE k = 1") == [('""',)]
    session.execute(f"""INSERT INTO {name} JSON '{{"k": 2, "n": 3}} and more'""")
    assert rows(session, f"SELECT n FROM {name} WHERE k = 2") == [(3,)]
    session.execute(f"INSERT INTO {name} (k, n) VALUES (3, from_json('4 5'))")
    assert rows(session, f"SELECT n FROM {name} WHERE k = 3") == [(4,)]
    with pytest.raises(Exception, match="Could not decode JSON string '4x'"):
        session.execute(f"INSERT INTO {name} (k, n) VALUES (3, from_json('4x'))")
