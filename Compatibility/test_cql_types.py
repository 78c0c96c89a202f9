# Types of the CQL store: bytes and tokens equal to the Python driver's, literals, arithmetic, collections, tuples,
# vectors, and the errors in which Cassandra refuses what is wrong.

import decimal
import ipaddress
import random
import string
import uuid

import pytest
from cassandra import FunctionFailure, InvalidRequest
from cassandra.cluster import Cluster
from cassandra.cqltypes import lookup_casstype
from cassandra.metadata import Murmur3Token
from cassandra.protocol import ProtocolHandler, ResultMessage, SyntaxException, read_int
from cassandra.query import UNSET_VALUE
from cassandra.util import Date, Duration, Time
from cql_tools import keyspace, table  # noqa: F401 (a fixture)

SEED = random.randrange(1 << 32)


class RawResult(ResultMessage):
    """Leaves the values of rows as the bytes that came."""

    def recv_results_rows(self, f, protocol_version, user_type_map, result_metadata, *rest):
        self.recv_results_metadata(f, user_type_map)
        columns = self.column_metadata or result_metadata
        self.parsed_rows = [self.recv_row(f, len(columns)) for _ in range(read_int(f))]
        self.column_names = [column[2] for column in columns]
        self.column_types = [column[3] for column in columns]


class RawProtocol(ProtocolHandler):
    message_types_by_opcode = {
        **ProtocolHandler.message_types_by_opcode,
        RawResult.opcode: RawResult,
    }


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "types") as session:
        yield session


@pytest.fixture(scope="module")
def raw(stack, session):
    host, port = stack.cql
    cluster = Cluster([host], port=port, protocol_version=5)
    raw = cluster.connect("types")
    raw.client_protocol_handler = RawProtocol
    yield raw
    cluster.shutdown()


# --- bytes and tokens


def whole(bits):
    return lambda r: r.choice([0, -1, (1 << bits - 1) - 1, -(1 << bits - 1)]) if r.random() < 0.3 else (
        r.getrandbits(bits) - (1 << bits - 1)
    ) >> r.randrange(bits)


def text(r, alphabet=string.printable + "äß€𝄞\0"):
    return "".join(r.choice(alphabet) for _ in range(r.randrange(12)))


def duration(r):
    sign = r.choice([1, -1])
    parts = [r.getrandbits(r.randrange(1, 31)), r.getrandbits(r.randrange(1, 31)), r.getrandbits(r.randrange(1, 62))]
    return Duration(*(sign * part for part in parts))


MAKERS = {
    "int": whole(32),
    "bigint": whole(64),
    "smallint": whole(16),
    "tinyint": whole(8),
    "varint": lambda r: whole(300)(r),
    "decimal": lambda r: decimal.Decimal(whole(90)(r)).scaleb(r.randrange(-40, 40)),
    "float": lambda r: r.choice([0.0, -0.0, float("inf"), 1.5, -2.25, 2.0**-100, 2.0**100]),
    "double": lambda r: r.choice([0.0, -0.0, float("-inf"), r.uniform(-1e9, 1e9), r.random() * 1e-300]),
    "boolean": lambda r: r.random() < 0.5,
    "text": text,
    "ascii": lambda r: text(r, string.printable),
    "blob": lambda r: r.randbytes(r.randrange(12)),
    "uuid": lambda r: uuid.UUID(bytes=r.randbytes(16)),
    "timeuuid": lambda r: uuid.uuid1(r.getrandbits(48), r.getrandbits(14)),
    "inet": lambda r: str(ipaddress.ip_address(r.randbytes(r.choice([4, 16])))),
    "date": lambda r: Date(r.randrange(-(2**31), 2**31)),
    "time": lambda r: Time(r.randrange(86_400_000_000_000)),
    "timestamp": lambda r: r.getrandbits(42),
    "duration": duration,
}


def several(maker, count=None):
    return lambda r: [maker(r) for _ in range(r.randrange(4) if count is None else count)]


NESTED = {
    "list<int>": several(MAKERS["int"]),
    "frozen<set<text>>": lambda r: set(several(text)(r)),
    "map<text, bigint>": lambda r: {text(r): MAKERS["bigint"](r) for _ in range(3)},
    "frozen<map<int, frozen<list<text>>>>": lambda r: {MAKERS["int"](r): several(text)(r) for _ in range(3)},
    "tuple<int, text, frozen<list<duration>>>": lambda r: (MAKERS["int"](r), text(r), several(duration)(r)),
    "vector<float, 3>": several(MAKERS["float"], 3),
    "vector<text, 2>": several(text, 2),
    "vector<smallint, 2>": several(MAKERS["smallint"], 2),
    "vector<frozen<list<int>>, 2>": several(several(MAKERS["int"]), 2),
}


@pytest.mark.parametrize("type_name", [*MAKERS, *NESTED])
def test_bytes_equal_the_drivers(session, raw, table, type_name):
    name = table(f"k int PRIMARY KEY, v {type_name}")
    print("seed", SEED)
    r = random.Random(f"{SEED} {type_name}")
    maker = MAKERS.get(type_name) or NESTED[type_name]
    insert = session.prepare(f"INSERT INTO {name} (k, v) VALUES (?, ?)")
    column = insert.column_metadata[1].type
    expected = {}
    for k in range(60):
        value = maker(r)
        session.execute(insert, (k, value))
        expected[k] = column.serialize(value, 5)
    for key, value in raw.execute(f"SELECT k, v FROM {name}"):
        bytes_sent = expected.pop(int.from_bytes(key, "big"))
        if value is None:
            assert bytes_sent[:4] == b"\0\0\0\0" and "frozen" not in type_name, "only empty collections are null"
        elif "set" in type_name or "map" in type_name:
            # The store sorts and joins what is equal.
            kind = dict if "map" in type_name else set
            assert kind(column.deserialize(value, 5)) == kind(column.deserialize(bytes_sent, 5))
        else:
            assert value == bytes_sent
    assert not expected


@pytest.mark.parametrize("type_name", [name for name in MAKERS if name != "duration"])
def test_tokens_equal_the_drivers(session, table, type_name):
    name = table(f"k {type_name} PRIMARY KEY, v int")
    print("seed", SEED)
    r = random.Random(f"{SEED} token {type_name}")
    insert = session.prepare(f"INSERT INTO {name} (k, v) VALUES (?, 0)")
    tokens = set()
    for _ in range(40):
        value = MAKERS[type_name](r)
        key = insert.column_metadata[0].type.serialize(value, 5)
        if not key:
            continue
        session.execute(insert, (value,))
        tokens.add(Murmur3Token.hash_fn(key))
    assert {row[0] for row in session.execute(f"SELECT token(k) FROM {name}")} == tokens


def test_keys_sort_as_values(session, table):
    name = table("k int, c decimal, PRIMARY KEY (k, c)")
    insert = session.prepare(f"INSERT INTO {name} (k, c) VALUES (0, ?)")
    values = [decimal.Decimal(text) for text in ["-1E+100", "-1.5", "-1.4999", "0", "1E-9", "1.0", "1.01", "9E+99"]]
    for value in random.Random(1).sample(values, len(values)):
        session.execute(insert, (value,))
    # 1.0 and 1.00 are one key.
    session.execute(insert, (decimal.Decimal("1.00"),))
    assert [row.c for row in session.execute(f"SELECT c FROM {name} WHERE k = 0")] == values


# --- literals and arithmetic

LITERALS = [
    ("int", "-0", 0),
    ("bigint", "1 + 2 * 3", 7),
    ("double", "1 / 4.0", 0.25),
    ("decimal", "10 % 4 + 0.5", decimal.Decimal("2.5")),
    ("varint", "- (1 + 2)", -3),
    ("float", "NaN", None),
    ("double", "-Infinity", float("-inf")),
    ("text", "$$it's$$", "it's"),
    ("text", "'it''s'", "it's"),
    ("blob", "0xCAFE", b"\xca\xfe"),
    ("inet", "'::1'", "::1"),
    ("date", "'2024-01-31' + 1mo", Date("2024-02-29")),
    ("time", "'01:02:03.4'", Time("01:02:03.4")),
    ("duration", "-1y2mo", Duration(-14, 0, 0)),
    ("duration", "P3W", Duration(0, 21, 0)),
    ("text", "CAST(5 AS text)", "5"),
    ("text", "(ascii) 'a'", "a"),
    ("tuple<int, text>", "(1, null)", (1, None)),
    ("vector<int, 2>", "[1, 2]", [1, 2]),
    ("list<int>", "from_json('[1, 2]')", [1, 2]),
    ("int", "blob_as_int(0x)", ""),
]


@pytest.mark.parametrize("type_name, literal, value", LITERALS)
def test_literals(session, table, type_name, literal, value):
    name = table(f"k int PRIMARY KEY, v {type_name}")
    session.execute(f"INSERT INTO {name} (k, v) VALUES (0, {literal})")
    found = session.execute(f"SELECT v FROM {name}").one().v
    if value is None:
        assert found != found
    elif value == "":
        # A value of no bytes: the driver gives its own object for it, or None.
        assert not found
    else:
        assert found == value


REFUSED = [
    ("tinyint", "300", "Unable to make byte from '300'"),
    ("int", "'3'", 'Invalid STRING constant (3) for "v" of type int'),
    ("blob", "'ab'", 'Invalid STRING constant (ab) for "v" of type blob'),
    ("date", "-1", "Unable to make unsigned int (for date) from: '-1'"),
    ("duration", "1d1y", "Invalid duration. The days should be after years"),
    ("timeuuid", "123e4567-e89b-42d3-a456-426614174000", "TimeUUID supports only version 1 UUIDs"),
    ("list<int>", "[1, null]", "null is not supported inside collections"),
    ("set<int>", "[1]", "Invalid list literal for v of type set<int>"),
    ("map<text, int>", "{1: 2}", "Invalid map literal for v: key 1 is not of type text"),
    ("tuple<int, text>", "('a', 'b')", "Invalid tuple literal for v: component 0 is not of type int"),
    ("vector<int, 2>", "[1]", "expected 2 elements, but given 1"),
    ("int", "now()", "Type error: cannot assign result of function system.now (type timeuuid) to v (type int)"),
]


@pytest.mark.parametrize("type_name, literal, message", REFUSED)
def test_refused_literals(session, table, type_name, literal, message):
    name = table(f"k int PRIMARY KEY, v {type_name}")
    with pytest.raises(InvalidRequest) as error:
        session.execute(f"INSERT INTO {name} (k, v) VALUES (0, {literal})")
    assert message in str(error.value)


def test_division_by_zero_is_a_function_failure(session, table):
    name = table("k int PRIMARY KEY, v int")
    with pytest.raises(FunctionFailure) as error:
        session.execute(f"INSERT INTO {name} (k, v) VALUES (0, 1 / 0)")
    assert "the operation 'int / int' failed: / by zero" in str(error.value)


def test_markers_in_arithmetic_need_hints(session, table):
    name = table("k int PRIMARY KEY, v int")
    insert = session.prepare(f"INSERT INTO {name} (k, v) VALUES (0, (int) ? + 1)")
    session.execute(insert, (5,))
    assert session.execute(f"SELECT v FROM {name}").one().v == 6
    session.execute(f"UPDATE {name} SET v = 2 + 3 WHERE k = 1 - 1")
    assert session.execute(f"SELECT v FROM {name} WHERE k = 2 - 2").one().v == 5


# --- markers inside of values


def test_markers_inside(session, table):
    name = table("k int PRIMARY KEY, l list<int>, m map<text, int>, t tuple<int, text>, v vector<float, 2>")
    insert = session.prepare(f"INSERT INTO {name} (k, l, m, t, v) VALUES (0, [?, 2], {{?: ?}}, (?, 'x'), [?, ?])")
    session.execute(insert, (1, "a", 5, 7, 0.5, 1.5))
    row = session.execute(f"SELECT l, m, t, v FROM {name}").one()
    assert (row.l, dict(row.m), row.t, row.v) == ([1, 2], {"a": 5}, (7, "x"), [0.5, 1.5])
    for wrong, message in [
        ((None, "a", 5, 7, 0.5, 1.5), "null is not supported inside collections"),
        ((1, "a", 5, 7, None, 1.5), "null is not supported inside vectors"),
        ((1, "a", 5, UNSET_VALUE, 0.5, 1.5), "Invalid unset value for tuple field number 0"),
    ]:
        with pytest.raises(InvalidRequest) as error:
            session.execute(insert, wrong)
        assert message in str(error.value)


# --- collections


def test_lists(session, table):
    name = table("k int PRIMARY KEY, l list<int>")
    run = lambda text: session.execute(text.replace("%t", name))
    listed = lambda: run("SELECT l FROM %t WHERE k = 0").one().l
    run("UPDATE %t SET l = [3, 4] WHERE k = 0")
    run("UPDATE %t SET l = [1, 2] + l WHERE k = 0")
    run("UPDATE %t SET l += [5, 5] WHERE k = 0")
    assert listed() == [1, 2, 3, 4, 5, 5]
    run("UPDATE %t SET l[1] = 9, l[0] = 8 WHERE k = 0")
    run("DELETE l[2] FROM %t WHERE k = 0")
    run("UPDATE %t SET l -= [5] WHERE k = 0")
    assert listed() == [8, 9, 4]
    run("UPDATE %t SET l = l + null WHERE k = 0")
    for text, message in [
        ("UPDATE %t SET l[3] = 1 WHERE k = 0", "List index 3 out of bound, list has size 3"),
        ("UPDATE %t SET l[-1] = 1 WHERE k = 0", "List index -1 out of bound, list has size 3"),
        ("DELETE l[3] FROM %t WHERE k = 0", "List index 3 out of bound, list has size 3"),
        ("UPDATE %t SET l[0] = 1 WHERE k = 7", "Attempted to set an element on a list which is null"),
        ("DELETE l[0] FROM %t WHERE k = 7", "Attempted to delete an element from a list which is null"),
        ("UPDATE %t SET l[null] = 1 WHERE k = 0", "Invalid null value for list index"),
    ]:
        with pytest.raises(InvalidRequest) as error:
            run(text)
        assert message in str(error.value)
    run("UPDATE %t SET l = [] WHERE k = 0")
    assert run("SELECT l FROM %t WHERE k = 0").one() is None


def test_changes_of_one_statement_act_one_after_the_other(session, table):
    name = table("k int PRIMARY KEY, l list<int>, m map<int, int>, s set<int>")
    run = lambda text: session.execute(text.replace("%t", name))
    value = lambda column: run(f"SELECT {column} FROM %t WHERE k = 0").one()[0]
    run("INSERT INTO %t (k, l, m, s) VALUES (0, [1, 2, 3, 4], {0: 1}, {0, 1})")
    for change, expected in [
        # Of equal timestamps the greater value wins.
        ("l[2] = 7, l[2] = 8", [1, 2, 8, 4]),
        ("l[2] = 9, l[2] = 6", [1, 2, 9, 4]),
        ("l = l + [3, 5], l[4] = 4", [1, 2, 9, 4, 4, 5]),
        ("l[2] = 8, l = l - [8]", [1, 2, 4, 4, 5]),
        ("l = l - [4], l[0] = 6", [6, 2, 5]),
        ("l = [0] + l, l[0] = 1", [1, 6, 2, 5]),
    ]:
        run(f"UPDATE %t SET {change} WHERE k = 0")
        assert value("l") == expected
    run("DELETE l[1], l[1] FROM %t WHERE k = 0")
    assert value("l") == [1, 5]
    with pytest.raises(InvalidRequest, match="List index 2 out of bound, list has size 2"):
        run("UPDATE %t SET l[2] = 5, l = l + [9] WHERE k = 0")
    for column, change, expected in [
        ("m", "m = m - {4}, m[4] = 9", {0: 1}),
        ("m", "m = m + {4: 8}, m[4] = 6", {0: 1, 4: 8}),
        ("s", "s = s - {3}, s = s + {3, 4}", {0, 1, 4}),
    ]:
        run(f"UPDATE %t SET {change} WHERE k = 0")
        found = value(column)
        assert (dict(found) if column == "m" else set(found)) == expected


def test_sets_and_maps(session, table):
    name = table("k int PRIMARY KEY, s set<int>, m map<text, int>, f frozen<set<int>>, v int")
    run = lambda text: session.execute(text.replace("%t", name))
    run("INSERT INTO %t (k, s, m, f) VALUES (0, {3, 1}, {'b': 2, 'a': 1}, {})")
    run("UPDATE %t SET s += {2}, m += {'c': 3}, m['a'] = 9 WHERE k = 0")
    run("UPDATE %t SET s = s - {1, 7}, m = m - {'b'} WHERE k = 0")
    run("DELETE s[3] FROM %t WHERE k = 0")
    row = run("SELECT s, m, f FROM %t").one()
    assert (set(row.s), dict(row.m), set(row.f)) == ({2}, {"a": 9, "c": 3}, set())
    run("UPDATE %t SET m['a'] = null WHERE k = 0")
    assert dict(run("SELECT m FROM %t").one().m) == {"c": 3}
    for text, message in [
        ("UPDATE %t SET m[null] = 1 WHERE k = 0", "Invalid null map key"),
        ("UPDATE %t SET s[1] = 1 WHERE k = 0", "Invalid operation (s[1] = 1) for set column s"),
        ("UPDATE %t SET v = v + 1 WHERE k = 0", "Invalid operation (v = v + 1) for non counter column v"),
        ("UPDATE %t SET f = f + {1} WHERE k = 0", "Invalid operation (f = f + {1}) for frozen collection column f"),
        ("UPDATE %t SET v[0] = 1 WHERE k = 0", "Invalid operation (v[0] = 1) for non collection column v"),
        ("DELETE v[0] FROM %t WHERE k = 0", "Invalid deletion operation for non collection column v"),
        ("DELETE f[0] FROM %t WHERE k = 0", "Invalid deletion operation for frozen collection column f"),
        ("UPDATE %t SET s = {1} + s WHERE k = 0", "for non list column s"),
        ("UPDATE %t SET m = m - {'a': 1} WHERE k = 0", "Value for a map subtraction has to be a set, but was"),
    ]:
        with pytest.raises(InvalidRequest) as error:
            run(text)
        assert message in str(error.value)
    for text in ["UPDATE %t SET v = 1, v = 2 WHERE k = 0", "UPDATE %t SET s = {1}, s = s + {2} WHERE k = 0"]:
        with pytest.raises(SyntaxException):
            run(text)


# --- keys


def test_empty_values_and_keys(session, table):
    name = table("k int, c text, v int, PRIMARY KEY (k, c)")
    run = lambda text: session.execute(text.replace("%t", name))
    run("INSERT INTO %t (k, c, v) VALUES (0, '', blob_as_int(0x))")
    assert not run("SELECT v FROM %t WHERE k = 0 AND c = ''").one().v
    texts = table("k text PRIMARY KEY, v int")
    with pytest.raises(InvalidRequest, match="Key may not be empty"):
        session.execute(f"INSERT INTO {texts} (k, v) VALUES ('', 1)")
    long = "x" * 65_536
    with pytest.raises(InvalidRequest, match="Key length of 65536 is longer than maximum of 65535"):
        session.execute(f"INSERT INTO {texts} (k, v) VALUES (%s, 1)", (long,))
    session.execute(f"INSERT INTO {texts} (k, v) VALUES (%s, 1)", (long[1:],))
    assert session.execute(f"SELECT v FROM {texts} WHERE k = %s", (long[1:],)).one().v == 1


@pytest.mark.parametrize(
    "type_name, value",
    [("int", b"\0\0\0"), ("text", b"\xff"), ("ascii", b"\x80"), ("uuid", b"\0"), ("timeuuid", b"\0" * 16),
     ("inet", b"\0\0\0"),
     ("boolean", b"\0\0"), ("time", b"\xff" * 8), ("frozen<list<int>>", b"\0\0\0\x01"), ("tuple<int>", b"\0\0\0\x04\0"),
     ("vector<float, 2>", b"\0\0\0\0"), ("decimal", b"\0")],
)
def test_bytes_that_are_no_value(session, table, type_name, value):
    name = table(f"k int PRIMARY KEY, v {type_name}")
    insert = session.prepare(f"INSERT INTO {name} (k, v) VALUES (0, ?)")
    insert.column_metadata = [insert.column_metadata[0]._replace(type=lookup_casstype("BytesType"))]
    with pytest.raises(InvalidRequest):
        session.execute(insert, (value,))
