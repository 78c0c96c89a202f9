# Values of random types, up to four levels deep: written as literals, as bound bytes and as JSON, and read back through
# the Python driver's own decoding. Goal: every way in and out keeps the value.

import datetime
import decimal
import ipaddress
import json
import random
import struct
import uuid

import pytest
from cassandra.cqltypes import lookup_casstype
from cassandra.marshal import uvint_pack
from cassandra.util import Date, Duration, Time
from cql_tools import bound, keyspace

SEED = random.randrange(1 << 32)
TYPES = 60
EPOCH = datetime.datetime(1970, 1, 1)
CLASSES = {
    "ascii": "AsciiType", "bigint": "LongType", "blob": "BytesType", "boolean": "BooleanType",
    "date": "SimpleDateType", "decimal": "DecimalType", "double": "DoubleType", "duration": "DurationType",
    "float": "FloatType", "inet": "InetAddressType", "int": "Int32Type", "smallint": "ShortType",
    "text": "UTF8Type", "time": "TimeType", "timestamp": "TimestampType", "timeuuid": "TimeUUIDType",
    "tinyint": "ByteType", "uuid": "UUIDType", "varint": "IntegerType",
}
# In vectors, values of these types have no length before them.
FIXED = {"int", "float", "bigint", "double", "timestamp", "uuid", "timeuuid", "boolean"}


class Generator:
    """Types are trees, as ("map", ("int",), ("list", ("text",))). Sets and maps are lists here, without duplicates."""

    def __init__(self, session, seed):
        self.session, self.random, self.names = session, random.Random(seed), 0

    def type(self, depth, is_key=False):
        choose = self.random.choice
        if depth == 0 or self.random.random() < 0.35:
            return (choose([name for name in CLASSES if not (is_key and name == "duration")]),)
        kind = choose(["list", "set", "map", "tuple", "udt", "vector"])
        if kind == "set":
            return kind, self.type(depth - 1, True)
        if kind == "map":
            return kind, self.type(depth - 1, True), self.type(depth - 1, is_key)
        if kind == "list":
            return kind, self.type(depth - 1, is_key)
        if kind == "vector":
            return kind, self.type(depth - 1, is_key), self.random.randint(1, 3)
        parts = [self.type(depth - 1, is_key) for _ in range(self.random.randint(1, 3))]
        if kind == "tuple":
            return kind, parts
        self.names += 1
        name = f"kind{self.names}"
        fields = ", ".join(f"f{index} {cql(part)}" for index, part in enumerate(parts))
        self.session.execute(f"CREATE TYPE {name} ({fields})")
        return kind, parts, name

    def value(self, kind, may_be_null=False):
        dice, name = self.random, kind[0]
        if may_be_null and dice.random() < 0.15:
            return None
        if len(kind) == 1:
            return self.simple(name)
        if name in ("list", "vector"):
            return [self.value(kind[1]) for _ in range(kind[2] if name == "vector" else dice.randint(0, 3))]
        if name in ("tuple", "udt"):
            return [self.value(part, True) for part in kind[1]]
        found = {}
        for _ in range(dice.randint(0, 3)):
            key = self.value(kind[1])
            found.setdefault(plain(key, kind[1]), (key, self.value(kind[2]) if name == "map" else None))
        return list(found.values()) if name == "map" else [key for key, _ in found.values()]

    def simple(self, name):
        dice = self.random
        bits = {"bigint": 64, "int": 32, "smallint": 16, "tinyint": 8, "varint": 90}.get(name)
        if bits:
            edge = 1 << (bits - 1)
            return dice.choice([0, -1, edge - 1, -edge, dice.randrange(-edge, edge), dice.randrange(-99, 99)])
        return {
            "ascii": lambda: "".join(chr(dice.randrange(127)) for _ in range(dice.randint(0, 6))),
            "text": lambda: "".join(dice.choice("aé'\"\\:,{}@ŵ😀 \n\t\0") for _ in range(dice.randint(0, 6))),
            "blob": lambda: dice.randbytes(dice.randint(0, 5)),
            "boolean": lambda: dice.random() < 0.5,
            "date": lambda: Date(dice.randrange(-(10**5), 10**5)),
            "time": lambda: Time(dice.randrange(86_400 * 10**9)),
            "timestamp": lambda: EPOCH + datetime.timedelta(milliseconds=dice.randrange(-(10**12), 4 * 10**12)),
            "decimal": lambda: decimal.Decimal(dice.randrange(-(10**20), 10**20)).scaleb(dice.randint(-20, 20)),
            "double": lambda: dice.choice([0.0, 1.5, -1e300, 1e-300, dice.uniform(-1e6, 1e6)]),
            "float": lambda: struct.unpack("f", struct.pack("f", dice.choice([0.0, -1e30, dice.uniform(-9, 9)])))[0],
            "duration": lambda: Duration(*(dice.choice([-1, 1]) * dice.randrange(99) for _ in range(1)), 0, 0)
            if dice.random() < 0.5
            else Duration(0, dice.randrange(99), dice.randrange(10**14)),
            "inet": lambda: str(dice.choice([ipaddress.IPv4Address(dice.getrandbits(32)),
                                             ipaddress.IPv6Address(dice.getrandbits(128))])),
            "uuid": lambda: uuid.UUID(int=dice.getrandbits(128)),
            "timeuuid": lambda: uuid.uuid1(dice.getrandbits(48), dice.getrandbits(14)),
        }[name]()


def cql(kind):
    name = kind[0]
    if len(kind) == 1:
        return name
    if name == "vector":
        return f"vector<{cql(kind[1])}, {kind[2]}>"
    if name == "udt":
        return f"frozen<{kind[2]}>"
    parts = kind[1] if name == "tuple" else kind[1:]
    return f"frozen<{name}<{', '.join(map(cql, parts))}>>"


def plain(value, kind):
    """The same for equal values, whether made here or read by the driver."""
    name = kind[0]
    if value is None:
        return None
    if name in ("list", "vector"):
        return tuple(plain(item, kind[1]) for item in value)
    if name == "set":
        return frozenset(plain(item, kind[1]) for item in value)
    if name == "map":
        pairs = value if isinstance(value, list) else getattr(value, "_items", None) or value.items()
        return frozenset((plain(key, kind[1]), plain(item, kind[2])) for key, item in pairs)
    if name in ("tuple", "udt"):
        return tuple(plain(item, part) for item, part in zip(value, kind[1]))
    if name == "duration":
        return name, value.months, value.days, value.nanoseconds
    if name == "inet":
        return name, ipaddress.ip_address(value)
    return name, value


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def text(value, name):
    """A simple value as literals and JSON both write it, quotes aside."""
    if name == "timestamp":
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}+0000"
    if name == "time":
        seconds, rest = divmod(value.nanosecond_time, 10**9)
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:09d}"
    if name == "date":
        return str(value.days_from_epoch + 2**31)
    if name == "duration":
        if value.months < 0:
            return f"-{-value.months}mo"
        return f"{value.months}mo{value.days}d{value.nanoseconds}ns"
    return "0x" + value.hex() if name == "blob" else str(value)


def literal(value, kind):
    name = kind[0]
    if value is None:
        return "null"
    if name in ("list", "vector"):
        return f"[{', '.join(literal(item, kind[1]) for item in value)}]"
    if name == "set":
        return f"{{{', '.join(literal(item, kind[1]) for item in value)}}}"
    if name == "map":
        return "{" + ", ".join(f"{literal(key, kind[1])}: {literal(item, kind[2])}" for key, item in value) + "}"
    parts = [literal(item, part) for item, part in zip(value, kind[1])] if len(kind) > 1 else []
    if name == "tuple":
        return f"({', '.join(parts)})"
    if name == "udt":
        return "{" + ", ".join(f"f{index}: {part}" for index, part in enumerate(parts)) + "}"
    if name in ("ascii", "text"):
        return quoted(value)
    if name in ("double", "float"):
        return repr(value)
    return quoted(text(value, name)) if name in ("timestamp", "time", "inet") else text(value, name).lower()


def document(value, kind):
    name = kind[0]
    if value is None:
        return None
    if name in ("list", "vector", "set"):
        return [document(item, kind[1]) for item in value]
    if name == "map":
        keys = [document(key, kind[1]) for key, _ in value]
        keys = [key if isinstance(key, str) else json.dumps(key) for key in keys]
        return dict(zip(keys, [document(item, kind[2]) for _, item in value]))
    if name in ("tuple", "udt"):
        parts = [document(item, part) for item, part in zip(value, kind[1])]
        return parts if name == "tuple" else {f"f{index}": part for index, part in enumerate(parts)}
    return value if isinstance(value, (str, bool, int, float)) else text(value, name)


def is_fixed(kind):
    return kind[0] in FIXED if len(kind) == 1 else kind[0] == "vector" and is_fixed(kind[1])


def encoded(value, kind):
    """By the protocol's specification; only simple values by the driver."""
    name = kind[0]
    if value is None:
        return None
    if len(kind) == 1:
        return lookup_casstype(CLASSES[name]).to_binary(value, 5)
    if name == "vector":
        parts = [encoded(item, kind[1]) for item in value]
        return b"".join(part if is_fixed(kind[1]) else uvint_pack(len(part)) + part for part in parts)
    if name == "map":
        parts = [part for key, item in value for part in (encoded(key, kind[1]), encoded(item, kind[2]))]
    elif name in ("tuple", "udt"):
        parts = [encoded(item, part) for item, part in zip(value, kind[1])]
    else:
        parts = [encoded(item, kind[1]) for item in value]
    count = b"" if name in ("tuple", "udt") else struct.pack(">i", len(value))
    return count + b"".join(
        struct.pack(">i", -1) if part is None else struct.pack(">i", len(part)) + part for part in parts)


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "type_fuzz") as session:
        yield session


def test_all_ways_in_and_out(session):
    print(f"seed {SEED}")
    make = Generator(session, SEED)
    for number in range(TYPES):
        kind = make.type(4)
        table = f"t{number}"
        session.execute(f"CREATE TABLE {table} (k int PRIMARY KEY, v {cql(kind)})")
        for _ in range(2):
            value = make.value(kind)
            shown = f"seed {SEED}: {literal(value, kind)} of {cql(kind)}"

            def comes_back(how):
                found = session.execute(f"SELECT v FROM {table}").one()
                assert plain(found.v, kind) == plain(value, kind), f"{how}, {shown}"
                session.execute(f"TRUNCATE {table}")

            session.execute(f"INSERT INTO {table} (k, v) VALUES (1, {literal(value, kind)})")
            comes_back("literal")
            session.execute(f"INSERT INTO {table} JSON {quoted(json.dumps({'k': 1, 'v': document(value, kind)}))}")
            shown_as = session.execute(f"SELECT JSON k, v FROM {table}").one()[0]
            comes_back("JSON")
            session.execute(f"INSERT INTO {table} JSON {quoted(shown_as)}")
            comes_back("its own JSON")
            bound(session, f"INSERT INTO {table} (k, v) VALUES (?, ?)", struct.pack(">i", 1), encoded(value, kind))
            # Elements of sets and maps were bound in any order: a value finds itself all the same.
            if kind != ("duration",):
                statement = f"SELECT k FROM {table} WHERE v = ? ALLOW FILTERING"
                assert len(list(bound(session, statement, encoded(value, kind)))) == 1, shown
            comes_back("bound")
        session.execute(f"DROP TABLE {table}")
