# User-defined types of the CQL store: frozen ones, and those whose fields are cells of their own.

from collections import namedtuple

import pytest
from cassandra import InvalidRequest
from cassandra.query import UNSET_VALUE
from cql_tools import keyspace
from cql_tools import table as named_table  # noqa: F401 (a fixture)

Pair = namedtuple("Pair", "a b")


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "usertypes") as session:
        session.execute("CREATE TYPE pair (a int, b text)")
        session.execute("CREATE TYPE outer_pair (p frozen<pair>, l frozen<list<int>>)")
        yield session


@pytest.fixture
def table(session, named_table):
    """Makes a table, and runs statements in which it is called %t."""

    def make(columns):
        name = named_table(columns)
        return lambda text, *values: session.execute(text.replace("%t", name), values or None)

    return make


def fails(run, text, message):
    with pytest.raises(InvalidRequest) as error:
        run(text)
    assert message in str(error.value)


def shown(run, what="v", where=""):
    row = run(f"SELECT {what} FROM %t {where}").one()
    return tuple(row[0]) if row and isinstance(row[0], tuple) else (row[0] if row else None)


def test_fields_are_cells(table):
    run = table("k int PRIMARY KEY, v pair")
    run("INSERT INTO %t (k, v) VALUES (0, {a: 0, b: 'abc'})")
    assert shown(run) == (0, "abc")
    run("UPDATE %t SET v.a = 1 WHERE k = 0")
    assert shown(run) == (1, "abc")
    run("UPDATE %t SET v.b = 'x', v.a = 5 WHERE k = 0")
    assert shown(run) == (5, "x")
    run("DELETE v.b FROM %t WHERE k = 0")
    assert shown(run) == (5, None)
    # All fields gone: the value is null, and since an INSERT made the row, the row stays.
    run("UPDATE %t SET v.a = null WHERE k = 0")
    assert run("SELECT k, v FROM %t").one() == (0, None)
    # A row that only an UPDATE made goes with its last field.
    run("UPDATE %t SET v.a = 1 WHERE k = 1")
    run("DELETE v.a FROM %t WHERE k = 1")
    assert run("SELECT k FROM %t WHERE k = 1").one() is None


def test_whole_values_replace(table):
    run = table("k int PRIMARY KEY, v pair")
    run("UPDATE %t SET v = {a: 1, b: 'x'} WHERE k = 0")
    run("UPDATE %t SET v = {b: 'y'} WHERE k = 0")
    assert shown(run) == (None, "y")
    run("UPDATE %t SET v = null WHERE k = 0")
    assert run("SELECT v FROM %t").one() is None


def test_timestamps_of_fields(table):
    run = table("k int PRIMARY KEY, v pair")
    run("INSERT INTO %t (k, v) VALUES (0, {a: 1, b: 'x'}) USING TIMESTAMP 10")
    run("UPDATE %t USING TIMESTAMP 20 SET v.a = 2 WHERE k = 0")
    # Older than the field, and newer than the other one.
    run("UPDATE %t USING TIMESTAMP 15 SET v = {a: 9, b: 'y'} WHERE k = 0")
    assert shown(run) == (2, "y")
    run("DELETE v.a FROM %t USING TIMESTAMP 19 WHERE k = 0")
    assert shown(run) == (2, "y")
    run("DELETE v FROM %t USING TIMESTAMP 20 WHERE k = 0")
    assert shown(run) is None


def test_conditions_on_fields(table):
    run = table("k int PRIMARY KEY, v pair, f frozen<pair>")
    run("INSERT INTO %t (k, v, f) VALUES (0, {a: 1, b: 'x'}, {a: 2})")
    applied = lambda condition: run(f"UPDATE %t SET v.b = 'z' WHERE k = 0 IF {condition}").one()[0]
    assert not applied("v.a = 2")
    assert not applied("v.b = null")
    assert not applied("f.a IN (5, 6)")
    assert applied("v.a = 1 AND f.a IN (1, 2)")
    assert applied("f.b = null AND v.a > 0")
    assert applied("v = {a: 1, b: 'z'}")
    assert applied("f = {a: 2}")
    fails(run, "UPDATE %t SET v.b = 'z' WHERE k = 0 IF v.foo = 1", "foo")
    fails(run, "UPDATE %t SET v.b = 'z' WHERE k = 0 IF k.foo = 1", "")


def test_markers_and_bound_values(session, table):
    run = table("k int PRIMARY KEY, v pair, f frozen<outer_pair>")
    name = run("SELECT * FROM %t").response_future.query.query_string.split()[-1]
    insert = session.prepare(f"INSERT INTO {name} (k, v, f) VALUES (?, ?, {{p: {{a: ?, b: 'y'}}, l: ?}})")
    session.execute(insert, (0, Pair(1, None), 5, [1, 2]))
    row = run("SELECT v, f FROM %t").one()
    assert tuple(row.v) == (1, None)
    assert (tuple(row.f.p), row.f.l) == ((5, "y"), [1, 2])
    with pytest.raises(InvalidRequest, match="unset"):
        session.execute(insert, (0, Pair(1, None), UNSET_VALUE, [1]))
    session.execute(insert, (0, UNSET_VALUE, 5, [1]))
    assert tuple(run("SELECT v FROM %t").one().v) == (1, None)
    field = session.prepare(f"UPDATE {name} SET v.b = ? WHERE k = 0")
    session.execute(field, ("q",))
    session.execute(field, (UNSET_VALUE,))
    assert tuple(run("SELECT v FROM %t").one().v) == (1, "q")


def test_types_that_grew(session, table):
    session.execute("CREATE TYPE IF NOT EXISTS grows (a int)")
    run = table("k int PRIMARY KEY, v grows, f frozen<grows>, l list<frozen<grows>>, m map<frozen<grows>, int>")
    run("INSERT INTO %t (k, v, f, l, m) VALUES (0, {a: 1}, {a: 1}, [{a: 1}], {{a: 1}: 5})")
    session.execute("ALTER TYPE grows ADD b text")
    row = run("SELECT v, f, l FROM %t").one()
    assert tuple(row.v) == (1, None) and tuple(row.f) == (1, None) and tuple(row.l[0]) == (1, None)
    # A value without the new field equals one with null in it.
    assert run("UPDATE %t SET v.b = 'x' WHERE k = 0 IF f = {a: 1, b: null}").one()[0]
    assert tuple(run("SELECT v FROM %t").one().v) == (1, "x")


def test_rules_of_frozen(session, table):
    run = lambda text: session.execute(text)
    fails(run, "CREATE TABLE wrong (k pair PRIMARY KEY)", "Invalid non-frozen user-defined type")
    fails(run, "CREATE TABLE wrong (k int PRIMARY KEY, v list<pair>)", "inside collections: list<pair>")
    fails(run, "CREATE TABLE wrong (k int PRIMARY KEY, v map<int, pair>)", "inside collections: map<int, pair>")
    fails(run, "CREATE TABLE wrong (k int PRIMARY KEY, v list<set<int>>)", "inside collections: list<set<int>>")
    fails(run, "CREATE TABLE wrong (k int PRIMARY KEY, v set<duration>)", "Durations are not allowed inside sets")
    fails(run, "CREATE TABLE wrong (k int PRIMARY KEY, v vector<int, 0>)", "vectors may only have positive")
    fails(run, "CREATE TABLE wrong (k int PRIMARY KEY, v frozen<int>)", "frozen<> is only allowed on")
    session.execute("CREATE TYPE IF NOT EXISTS with_list (l list<int>)")
    fails(run, "CREATE TABLE wrong (k int PRIMARY KEY, v with_list)", "Non-frozen UDTs with nested non-frozen")
    # Inside of frozen, nothing needs to say so.
    session.execute("CREATE TABLE nested (k frozen<list<pair>> PRIMARY KEY, v frozen<map<int, set<pair>>>)")
    session.execute("INSERT INTO nested (k, v) VALUES ([{a: 1}], {1: {{b: 'x'}}})")
    assert session.execute("SELECT v FROM nested WHERE k = [{a: 1}]").one() is not None


def test_refusals(table):
    run = table("k int PRIMARY KEY, v pair, f frozen<pair>, i int")
    for text, message in [
        ("UPDATE %t SET v.foo = 0 WHERE k = 0", "UDT column v does not have a field named foo"),
        ("UPDATE %t SET f.a = 0 WHERE k = 0", "Invalid operation (f.a = 0) for frozen UDT column f"),
        ("UPDATE %t SET i.a = 0 WHERE k = 0", "Invalid operation (i.a = 0) for non-UDT column i"),
        ("DELETE v.foo FROM %t WHERE k = 0", "UDT column v does not have a field named foo"),
        ("DELETE f.a FROM %t WHERE k = 0", "Frozen UDT column f does not support field deletion"),
        ("DELETE i.a FROM %t WHERE k = 0", "Invalid field deletion operation for non-UDT column i"),
        ("INSERT INTO %t (k, v) VALUES (0, {a: 0, foo: 0})", "Unknown field 'foo' in value of user defined type"),
        ("INSERT INTO %t (k, v) VALUES (0, {a: 'x'})", "field a is not of type int"),
        ("INSERT INTO %t (k, v) VALUES (0, {})", "Invalid set literal for v of type pair"),
        ("UPDATE %t SET v = v + {a: 1} WHERE k = 0", "for tuple column v"),
    ]:
        fails(run, text, message)
