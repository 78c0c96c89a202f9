# INSERT JSON, from_json and to_json of the CQL store.

import uuid
from decimal import Decimal

import pytest
from cassandra import FunctionFailure, InvalidRequest
from cassandra.util import Date, Duration, Time
from cql_tools import keyspace, table  # noqa: F401 (a fixture)

ID = uuid.UUID("6bddc89a-5644-11e4-97fc-56847afe9799")


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "jsons") as session:
        session.execute('CREATE TYPE pair (a int, "Foo" text)')
        yield session


VALUES = [
    ("ascii", '"a \\" text"', 'a " text'),
    ("bigint", "123123123123", 123123123123),
    ("bigint", '"123"', 123),
    ("blob", '"0x00000001"', b"\0\0\0\1"),
    ("boolean", "true", True),
    ("boolean", '"fALSe"', False),
    ("date", '"1987-03-23"', Date("1987-03-23")),
    ("decimal", '"-1.23E-12"', Decimal("-1.23E-12")),
    ("double", "123123.123123", 123123.123123),
    ("float", "1.5", 1.5),
    ("inet", '"::1"', "::1"),
    ("int", "null", None),
    ("text", '"\\u2013"', "\u2013"),
    ("time", '"07:35:07.000111222"', Time("07:35:07.000111222")),
    ("timeuuid", f'"{str(ID).upper()}"', ID),
    ("varint", "1234567890123456789012345678901234567890", 1234567890123456789012345678901234567890),
    ("duration", '"53us"', Duration(0, 0, 53000)),
    ("list<int>", "[3, 1]", [3, 1]),
    ("set<int>", "[3, 1, 3]", {1, 3}),
    ("map<int, boolean>", '{"1": true}', {1: True}),
    ("frozen<map<frozen<tuple<int, text>>, int>>", '{"[0, \\"a\\"]": 1}', {(0, "a"): 1}),
    ("tuple<int, text>", '[1, null]', (1, None)),
    ("vector<float, 2>", "[0.5, 1]", [0.5, 1.0]),
    ("pair", '{"a": 1, "\\"Foo\\"": "x"}', (1, "x")),
    ("frozen<pair>", '{"A": 1}', (1, None)),
]


@pytest.mark.parametrize("type_name, text, value", VALUES)
def test_from_json_and_insert_json(session, table, type_name, text, value):
    name = table(f"k int PRIMARY KEY, v {type_name}")

    def stored(k):
        found = session.execute(f"SELECT v FROM {name} WHERE k = {k}").one().v
        if isinstance(value, set):
            return set(found)
        if isinstance(value, dict):
            return {tuple(key) if isinstance(key, tuple) else key: found[key] for key in found}
        return found

    session.execute(session.prepare(f"INSERT INTO {name} (k, v) VALUES (?, from_json(?))"), (0, text))
    session.execute(session.prepare(f"INSERT INTO {name} JSON ?"), ('{"k": 1, "v": %s}' % text,))
    quoted = text.replace("'", "''")
    session.execute(f'INSERT INTO {name} JSON \'{{"k": 2, "v": {quoted}}}\'')
    session.execute(f"UPDATE {name} SET v = fromJson('{quoted}') WHERE k = from_json('3')")
    assert [stored(k) for k in range(3)] == [value] * 3
    if value is not None:
        assert stored(3) == value
        shown = session.execute(f"SELECT to_json(v) FROM {name} WHERE k = 0").one()[0]
        # What comes out can go in again.
        session.execute(session.prepare(f"INSERT INTO {name} JSON ?"), ('{"k": 9, "v": %s}' % shown,))
        assert stored(9) == value


REFUSED = [
    ("int", "dog"), ("int", '"dog"'), ("int", "1.5"), ("int", "2147483648"), ("ascii", "3"), ("ascii", '"\u05e9"'),
    ("bigint", "9223372036854775808"), ("tinyint", "128"), ("blob", '"123"'), ("blob", "123"), ("boolean", "1"),
    ("date", "123"), ("date", '"xyz"'), ("decimal", "true"), ("double", '"xyzz"'), ("inet", "123"), ("text", "123"),
    ("time", "123456"), ("timestamp", "123.456"), ("timeuuid", '"00000000-0000-0000-0000-000000000000"'),
    ("varint", '""'), ("list<int>", "123"), ("list<int>", "[null]"), ("set<int>", '["abc"]'),
    ("map<ascii, int>", '{"a": null}'),
    ("map<int, int>", "{17: 3}"), ("tuple<int, int>", "[1]"), ("tuple<int, int>", "[1, 2, 3]"), ("pair", '{"xxx": 1}'),
]


@pytest.mark.parametrize("type_name, text", REFUSED)
def test_what_is_no_value(session, table, type_name, text):
    name = table(f"k int PRIMARY KEY, v {type_name}")
    with pytest.raises(FunctionFailure):
        session.execute(session.prepare(f"INSERT INTO {name} (k, v) VALUES (0, from_json(?))"), (text,))
    with pytest.raises(FunctionFailure):
        session.execute(f"INSERT INTO {name} (k, v) VALUES (0, fromJson('{text}'))")
    with pytest.raises(InvalidRequest):
        session.execute(session.prepare(f"INSERT INTO {name} JSON ?"), ('{"k": 0, "v": %s}' % text,))


def test_defaults(session, table):
    name = table("k int PRIMARY KEY, a int, b int")
    rows = lambda: tuple(session.execute(f"SELECT k, a, b FROM {name}").one())
    insert = session.prepare(f"INSERT INTO {name} JSON ?")
    unset = session.prepare(f"INSERT INTO {name} JSON ? DEFAULT UNSET")
    session.execute(insert, ('{"k": 0, "a": 1, "b": 2}',))
    session.execute(unset, ('{"k": 0, "b": 3}',))
    assert rows() == (0, 1, 3)
    session.execute(unset, ('{"k": 0, "a": null}',))
    assert rows() == (0, None, 3)
    session.execute(f"INSERT INTO {name} JSON '{{\"k\": 0, \"a\": 7}}' DEFAULT UNSET")
    assert rows() == (0, 7, 3)
    session.execute(f"INSERT INTO {name} JSON '{{\"k\": 0, \"a\": 7}}' DEFAULT NULL")
    assert rows() == (0, 7, None)


def test_names_and_documents(session, table):
    name = table('k int PRIMARY KEY, "Foo" int')
    insert = session.prepare(f"INSERT INTO {name} JSON ?")
    for text in ['{"k": 0, "\\"Foo\\"": 1}', '{"K": 0, "\\"Foo\\"": 2}', '{"\\"k\\"": 0, "\\"Foo\\"": 3}']:
        session.execute(insert, (text,))
    assert session.execute(f'SELECT "Foo" FROM {name}').one()[0] == 3
    for text, message in [
        ('{"k": 0, "foo": 0}', "JSON values map contains unrecognized column: foo"),
        ('{"k": 0, "zzz": 0}', "JSON values map contains unrecognized column: zzz"),
        ("null", "Got null for INSERT JSON values"),
        (None, "Got null for INSERT JSON values"),
        ('"notamap"', "Could not decode JSON string as a map"),
        ("12.34", "Could not decode JSON string as a map"),
        ("{", "Could not decode JSON string as a map"),
        ('{"k": "x"}', "Error decoding JSON value for k: Unable to make int from 'x'"),
        ('{"k": null}', "k"),
        ("{}", "k"),
    ]:
        with pytest.raises(InvalidRequest) as error:
            session.execute(insert, (text,))
        assert message in str(error.value)
    assert [column.name for column in insert.column_metadata] == ["[json]"]


def test_clustering_statics_and_conditions(session, table):
    name = table("k int, c text, s int static, v int, PRIMARY KEY (k, c)")
    insert = session.prepare(f"INSERT INTO {name} JSON ? IF NOT EXISTS")
    assert session.execute(insert, ('{"k": 0, "c": "a", "s": 1, "v": 2}',)).one()[0]
    assert not session.execute(insert, ('{"k": 0, "c": "a", "s": 5, "v": 5}',)).one()[0]
    session.execute(f"INSERT INTO {name} JSON '{{\"k\": 0, \"c\": \"b\"}}' DEFAULT UNSET USING TTL 1000")
    assert [tuple(row) for row in session.execute(f"SELECT c, s, v FROM {name}")] == [("a", 1, 2), ("b", 1, None)]


def test_huge_exponents_stay_short(session, table):
    name = table("k int PRIMARY KEY, v decimal")
    session.execute(session.prepare(f"INSERT INTO {name} (k, v) VALUES (0, ?)"), (Decimal("1E+1000000000"),))
    shown = session.execute(f"SELECT to_json(v) FROM {name}").one()[0]
    assert len(shown) < 20 and shown == "1E+1000000000"


@pytest.mark.parametrize("type, json, error, says", [
    ("smallint", "1.5", FunctionFailure, "Unable to make short from '1.5'"),
    ("tinyint", "1.5", FunctionFailure, "Unable to make byte from '1.5'"),
    ("timestamp", "1.5", FunctionFailure, "a datestring representation of a timestamp value, but got a Double: 1.5"),
    ("uuid", "1e3", FunctionFailure, "Expected a string representation of a uuid, but got a Double: 1000.0"),
    # What is no duration is refused by what reads them, as a whole.
    ("duration", '"abc"', InvalidRequest, "Unable to convert 'abc' to a duration"),
])
def test_refused_values(session, table, type, json, error, says):
    name = table(f"k int PRIMARY KEY, v {type}")
    with pytest.raises(error) as caught:
        session.execute(session.prepare(f"INSERT INTO {name} (k, v) VALUES (1, fromJson(?))"), (json,))
    assert says in str(caught.value)


def test_numbers_may_have_blanks_around(session, table):
    name = table("k int PRIMARY KEY, f float, d double")
    session.execute(f"""INSERT INTO {name} JSON '{{"k": 1, "f": " 1.5 ", "d": "2e3 "}}'""")
    assert tuple(session.execute(f"SELECT f, d FROM {name}").one()) == (1.5, 2000.0)


def test_where_the_functions_may_stand(session, table):
    name = table("k int PRIMARY KEY, t text")
    with pytest.raises(InvalidRequest, match=r"toJson\(\) may only be used within the selection clause"):
        session.prepare(f"INSERT INTO {name} (k, t) VALUES (1, toJson(?))")
    with pytest.raises(InvalidRequest, match=r"to_json\(\) may only be used within the selection clause"):
        session.prepare(f"UPDATE {name} SET t = to_json(?) WHERE k = 1")
