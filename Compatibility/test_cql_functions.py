# Functions, casts, arithmetic and parts of columns in the selection, as Cassandra 5.0 has them: values, names and types.

import datetime
import decimal
import math

import pytest
from cassandra import FunctionFailure, InvalidRequest
from cassandra.protocol import SyntaxException
from cassandra.query import SimpleStatement
from cassandra.util import Date, Time
from cql_tools import keyspace

D = decimal.Decimal


@pytest.fixture(scope="module")
def session(stack):
    with keyspace(stack, "functions", tuples=True) as session:
        session.execute("CREATE TYPE point (x int, y text)")
        session.execute("CREATE TYPE outer_point (p frozen<point>, n int)")
        session.execute(
            "CREATE TABLE one (k int PRIMARY KEY, v int, b bigint, f float, d double, de decimal, vi varint, "
            "ti tinyint, sm smallint, ts timestamp, da date, tm time, id timeuuid, tx text, asc ascii, "
            "m map<text, int>, s set<int>, l list<int>, fm frozen<map<int, text>>, u point, "
            "fu frozen<outer_point>, bo boolean)".replace(" asc ascii", " an ascii"))
        session.execute(
            "INSERT INTO one (k, v, b, f, d, de, vi, ti, sm, ts, da, tm, id, tx, an, m, s, l, fm, u, fu, bo) "
            "VALUES (1, 10, 20, 1.5, 2.5, 1.25, 100, 3, 4, '2020-03-31T00:00:00Z', '2020-01-31', '10:11:12', "
            "50554d6e-29bb-11e5-b345-feff819cdc9f, 'hi', 'yo', {'a': 1, 'b': 2, 'c': 3}, {1, 2, 3}, [5, 6, 7], "
            "{1: 'x', 2: 'y'}, {x: 1, y: 'z'}, {p: {x: 3, y: 'q'}, n: 9}, true) USING TIMESTAMP 100")
        session.execute("UPDATE one USING TIMESTAMP 200 SET m['b'] = 5, s = s + {9} WHERE k = 1")
        session.execute("UPDATE one USING TTL 100000 AND TIMESTAMP 300 SET m['d'] = 7, u.x = 4 WHERE k = 1")
        yield session


def one(session, selection, *values):
    text = f"SELECT {selection} FROM one"
    return session.execute(session.prepare(text) if values else SimpleStatement(text), values or None)


@pytest.mark.parametrize("selection, name, type, value", [
    # arithmetic: the wider type, reals before integers
    ("v + 1", "v + 1", "int", 11), ("v + b", "v + b", "bigint", 30), ("v + f", "v + f", "float", 11.5),
    ("b + f", "b + f", "double", 21.5), ("v + de", "v + de", "decimal", D("11.25")),
    ("vi + v", "vi + v", "varint", 110), ("f + vi", "f + vi", "decimal", D("101.5")),
    ("ti + ti", "ti + ti", "tinyint", 6), ("ti + sm", "ti + sm", "smallint", 7),
    ("v + 1 * 2", "v + 1 * 2", "int", 12), ("(v + 1) * 2", "(v + 1) * 2", "int", 22),
    ("-v", "-v", "int", -10), ("v - -1", "v - -1", "int", 11), ("v / 3", "v / 3", "int", 3),
    ("-v / 3", "-v / 3", "int", -3), ("-v % 3", "-v % 3", "int", -1), ("d % 2", "d % 2", "double", 0.5),
    ("de / 3", "de / 3", "decimal", D("0.41666666666666666666666666666667")),
    ("ti * (tinyint)100", "ti * (tinyint)100", "tinyint", 44),
    ("tx + an", "tx + an", "varchar", "hiyo"), ("an + an", "an + an", "ascii", "yoyo"),
    ("ts + 1mo", "ts + 1mo", "timestamp", datetime.datetime(2020, 4, 30)),
    ("ts - 1d", "ts - 1d", "timestamp", datetime.datetime(2020, 3, 30)),
    ("da + 1mo", "da + 1mo", "date", Date("2020-02-29")),
    # casts
    ("CAST(v AS text)", "cast(v as text)", "varchar", "10"), ("CAST(v AS int)", "v", "int", 10),
    ("CAST(f AS text)", "cast(f as text)", "varchar", "1.5"),
    ("CAST((double)1e10 AS text)", "cast((double)1e10 as text)", "varchar", "1.0E10"),
    ("CAST((float)0.0001 AS text)", "cast((float)0.0001 as text)", "varchar", "1.0E-4"),
    ("CAST((decimal)1e10 AS text)", "cast((decimal)1e10 as text)", "varchar", "10000000000"),
    ("CAST((float)5.2 AS decimal)", "cast((float)5.2 as decimal)", "decimal", D("5.199999809265137")),
    ("CAST((double)1e30 AS int)", "cast((double)1e30 as int)", "int", 2**31 - 1),
    ("CAST((double)1e30 AS tinyint)", "cast((double)1e30 as tinyint)", "tinyint", -1),
    ("CAST((bigint)300 AS tinyint)", "cast((bigint)300 as tinyint)", "tinyint", 44),
    ("CAST(ts AS text)", "cast(ts as text)", "varchar", "2020-03-31T00:00:00.000Z"),
    ("CAST(ts AS date)", "cast(ts as date)", "date", Date("2020-03-31")),
    ("CAST(id AS timestamp)", "cast(id as timestamp)", "timestamp", datetime.datetime(2015, 7, 14, 0, 0, 18, 805000)),
    ("cast_as_text(v)", "cast(v as text)", "varchar", "10"), ('system."castAsInt"(f)', "cast(f as int)", "int", 1),
    ("count_rows()", "count", "bigint", 1),
    ("CAST(bo AS text)", "cast(bo as text)", "varchar", "true"),
    # parts of collections and user types
    ("m['b']", "m['b']", "int", 5), ("m['q']", "m['q']", "int", None), ("s[9]", "s[9]", "int", 9),
    ("s[4]", "s[4]", "int", None), ("fm[2]", "fm[2]", "varchar", "y"),
    ("m['b'..'c']", "m['b'..'c']", "map<varchar, int>", {"b": 5, "c": 3}),
    ("m[..'a']", "m[..'a']", "map<varchar, int>", {"a": 1}), ("m['x'..]", "m['x'..]", "map<varchar, int>", None),
    ("s[2..]", "s[2..]", "set<int>", {2, 3, 9}), ("fm[5..6]", "fm[5..6]", "map<int, varchar>", {}),
    ("u.x", "u.x", "int", 4), ("fu.p.y", "fu.p.y", "varchar", "q"),
    # times of cells
    ("writetime(v)", "writetime(v)", "bigint", 100), ("writetime(m)", "writetime(m)", "list<bigint>", [100, 200, 100, 300]),
    ("maxwritetime(m)", "maxwritetime(m)", "bigint", 300), ("writetime(m['b'])", "writetime(m['b'])", "bigint", 200),
    ("writetime(m['b'..'d'])", "writetime(m['b'..'d'])", "list<bigint>", [200, 100, 300]),
    ("writetime(u)", "writetime(u)", "list<bigint>", [300, 100]), ("writetime(u.y)", "writetime(u.y)", "bigint", 100),
    ("writetime(fm)", "writetime(fm)", "bigint", 100), ("writetime(fm[1])", "writetime(fm[1])", "bigint", 100),
    ("writetime(fm[7])", "writetime(fm[7])", "bigint", None), ("ttl(v)", "ttl(v)", "int", None),
    ("ttl(m['a'])", "ttl(m['a'])", "int", None),
    # functions
    ("abs(-v)", "system.abs(-v)", "int", 10), ("round(d)", "system.round(d)", "double", 3.0),
    ("round(-2.5)", "system.round(-2.5)", "double", -2.0), ("round(de)", "system.round(de)", "decimal", D(1)),
    ("exp(v)", "system.exp(v)", "int", 22026), ("log10(b)", "system.log10(b)", "bigint", 1),
    ("exp(d)", "system.exp(d)", "double", math.exp(2.5)), ("log(d)", "system.log(d)", "double", math.log(2.5)),
    ("collection_count(m)", "system.collection_count(m)", "int", 4),
    ("collection_sum(l)", "system.collection_sum(l)", "int", 18), ("collection_avg(l)", "system.collection_avg(l)", "int", 6),
    ("collection_min(s)", "system.collection_min(s)", "int", 1), ("collection_max([1, 7, 3])", "system.collection_max([1, 7, 3])", "int", 7),
    ("map_keys(fm)", "system.map_keys(fm)", "set<int>", {1, 2}), ("map_values(m)", "system.map_values(m)", "list<int>", [1, 5, 3, 7]),
    ("to_date(ts)", "system.to_date(ts)", "date", Date("2020-03-31")), ("toDate(id)", "system.todate(id)", "date", Date("2015-07-14")),
    ("to_unix_timestamp(ts)", "system.to_unix_timestamp(ts)", "bigint", 1585612800000),
    ("to_timestamp(da)", "system.to_timestamp(da)", "timestamp", datetime.datetime(2020, 1, 31)),
    ("int_as_blob(v)", "system.int_as_blob(v)", "blob", b"\0\0\0\n"), ("intAsBlob(v)", "system.intasblob(v)", "blob", b"\0\0\0\n"),
    ("blob_as_int(int_as_blob(v))", "system.blob_as_int(system.int_as_blob(v))", "int", 10),
    ("floor(ts, 1mo)", "system.floor(ts, 1mo)", "timestamp", datetime.datetime(2020, 3, 1)),
    ("floor(ts, 1w, '2020-01-01')", "system.floor(ts, 1w, '2020-01-01')", "timestamp", datetime.datetime(2020, 3, 25)),
    ("floor(da, 1y)", "system.floor(da, 1y)", "date", Date("2020-01-01")), ("floor(tm, 1h)", "system.floor(tm, 1h)", "time", Time("10:00:00")),
    ("to_json(m)", "system.to_json(m)", "varchar", '{"a": 1, "b": 5, "c": 3, "d": 7}'),
    ("toJson(u)", "system.tojson(u)", "varchar", '{"x": 4, "y": "z"}'),
    ("token(k)", "system.token(k)", "bigint", -4069959284402364209),
    # A day is counted towards 1970, as Java does; an int may stand for a date's days.
    ("to_date((timestamp)-1)", "system.to_date((timestamp)-1)", "date", Date("1970-01-01")),
    ("to_date((timestamp)-86400000)", "system.to_date((timestamp)-86400000)", "date", Date("1969-12-31")),
    ("to_unix_timestamp((int)-2147483648)", "system.to_unix_timestamp((int)-2147483648)", "bigint", 0),
    ("log10((decimal)1e1000000000)", "system.log10((decimal)1e1000000000)", "decimal", D(10**9)),
    ("log((decimal)10)", "system.log((decimal)10)", "decimal", D("2.3025850929940456840179914546844")),
    ("exp((decimal)-1)", "system.exp((decimal)-1)", "decimal", D("0.36787944117144232159552377016146")),
    ("round(0.49999999999999994)", "system.round(0.49999999999999994)", "double", 0.0),
    ("round(4503599627370497.0)", "system.round(4503599627370497.0)", "double", 4503599627370497.0),
    # constants with a type, and what is made of columns
    ("max([1, 12345678901234567890])", "system.max([1, 12345678901234567890])", "list<varint>", [1, 12345678901234567890]),
    ("min({'a', 'é'})", "system.min({'a', 'é'})", "set<varchar>", {"a", "é"}),
    ("vi * 1e10", "vi * 1e10", "decimal", D("1.000E+12")), ("exp((decimal)0)", "system.exp((decimal)0)", "decimal", D(1)),
    ("(int) -3", "(int)-3", "int", -3), ("(float) -Infinity", "(float)-Infinity", "float", -math.inf),
    ("(v) - 1", "(v) - 1", "int", 9), ("(v) -1", "(v) - 1", "int", 9),
    ("((point){x: 1, y: 'a'}).x", "((point){x: 1, y: 'a'}).x", "int", 1),
    ("(int)3", "(int)3", "int", 3), ("(text)'a'", "(text)'a'", "varchar", "a"), ("[v, k]", "[v, k]", "list<int>", [10, 1]),
    ("{v, k}", "{v, k}", "set<int>", {1, 10}), ("(map<int, int>){k: v}", "(map<int, int>){k: v}", "map<int, int>", {1: 10}), ("(v, tx)", "(v, tx)", "frozen<tuple<int, varchar>>", (10, "hi")),
    ("(map<text, int>){'a': v}", "(map<text, int>){'a': v}", "map<varchar, int>", {"a": 10}),
])
def test_selection(session, selection, name, type, value):
    result = one(session, selection)
    found = result.one()[0]
    assert result.column_names == [name]
    assert result.column_types[0].cql_parameterized_type() == type
    if value is not None and isinstance(value, (set, dict)):
        found = type_of(value, found)
    assert found == value


def type_of(wanted, found):
    return set(found) if isinstance(wanted, set) else dict(found)


def test_user_types_as_literals(session):
    row = one(session, "(point){x: 1, y: 'a'}, (tuple<int, text>)(1, 'b'), (vector<float, 2>)[1.0, 2.0]").one()
    assert (row[0].x, row[0].y) == (1, "a") and row[1] == (1, "b") and list(row[2]) == [1.0, 2.0]


def test_markers_in_the_selection(session):
    assert one(session, "(int)? + v", 5).one() == (15,)
    assert one(session, "m[?], m[?..?]", "b", "a", "b").one()[0] == 5
    assert one(session, "abs((int)?)", -3).one() == (3,)
    with pytest.raises(InvalidRequest, match="Cannot infer type for term"):
        session.prepare("SELECT ? FROM one")
    with pytest.raises(InvalidRequest, match=r"Ambiguous '\+' operation with args v and \?"):
        session.prepare("SELECT v + ? FROM one")


@pytest.mark.parametrize("selection, says", [
    ("3", "Cannot infer type for term 3 in selection clause"),
    ("'a'", "Cannot infer type for term 'a' in selection clause"),
    ("{x: 1, y: 'a'}", "Cannot infer type for term"),
    ("(int)'a'", "not of the expected type: int"),
    ("nope", "Undefined column name nope"),
    ("nope(v)", "Unknown function 'nope'"), ("ks.nope(v)", "Unknown function 'ks.nope'"),
    ("to_date(v)", "none of its type signatures match"), ("sum(tx)", "none of its type signatures match"),
    ("int_as_blob(tx)", "Type error: tx cannot be passed as argument 0 of function system.int_as_blob of type int"),
    ("blob_as_int(0x00)", "value 0x00 is not a valid binary representation for type int"),
    ("max(max(v))", "aggregate functions cannot be used as arguments of aggregate functions"),
    ("CAST(m AS text)", "none of its type signatures match"), ("CAST(tx AS int)", "none of its type signatures match"),
    ("tx + 1", "the '+' operation is not supported between tx and 1"),
    ("l[0]", "Element selection is only allowed on sets and maps, but l is a list"),
    ("l[0..1]", "Slice selection is only allowed on sets and maps, but l is a list"),
    ("v['a']", "Invalid element selection: v is of type int is not a collection"),
    ("v.x", "Invalid field selection: v of type int is not a user type"),
    ("u.nope", "Invalid field selection: u of type point has no field nope"),
    ("writetime(k)", "on PRIMARY KEY part k"), ("ttl(k)", "on PRIMARY KEY part k"),
    ("collection_count(v)", "requires a collection argument, but found argument v of type int"),
    ("collection_sum((list<text>)['a'])", "collection_sum requires a numeric set/list argument"),
    ("collection_min(m)", "collection_min requires a set or list argument"),
    ("max([1, 1.5])", "Cannot infer type of argument [1, 1.5]"), ("max((1))", "Cannot infer type of argument (1)"),
    ("(v)", "Cannot infer type for term (v) in selection clause"),
    ("((1))", "Cannot infer type for term ((1)) in selection clause"),
    ("(map<text, int>){'a': v}.a", "of type frozen<map<text, int>> is not a user type"),
    ("{1d, (duration)2d}", "Durations are not allowed inside sets: frozen<set<duration>>"),
    ("(set<duration>){1d}", "Durations are not allowed inside sets: set<duration>"),
    ("fromJson(tx)", "fromJson() cannot be used in the selection clause"),
    ("similarity_cosine((list<float>)[1], [2])", "requires a float vector argument, but found argument "
     "(list<float>)[1] of type frozen<list<float>>"),
    ("floor(da, 1h)", "precision is below 1 day"), ("floor(ts, -1d)", "Negative durations are not supported"),
    ("floor(tm, 2d)", "durations smaller that a day"),
    ("from_json('1')", "cannot be used in the selection clause"),
])
def test_refused(session, selection, says):
    with pytest.raises(InvalidRequest) as error:
        one(session, selection)
    assert says in str(error.value)


@pytest.mark.parametrize("selection, says", [
    ("v / 0", "the operation 'int / int' failed: / by zero"), ("v % 0", "int % int' failed: / by zero"),
    ("de / 0", "decimal / int' failed: BigInteger divide by zero"), ("(de - de) / 0", "failed: / by zero"),
    ("log(de - de)", "Natural log of number zero or less"), ("de % 0", "failed: Division by zero"), ("(de - de) % 0", "failed: Division undefined"),
    ("vi / 0", "failed: BigInteger divide by zero"), ("da + 1h", "day precision"),
])
def test_operations_that_fail(session, selection, says):
    with pytest.raises(FunctionFailure, match=says):
        one(session, selection)


def test_reals_divide_by_zero(session):
    up, nothing = one(session, "d / 0, f % 0").one()
    assert up == math.inf and math.isnan(nothing)


def test_text_of_old_times_and_addresses(session):
    session.execute("CREATE TABLE IF NOT EXISTS old (k int PRIMARY KEY, t timestamp, i inet)")
    for text, wanted in [
        (-12219292800000, "1582-10-15T00:00:00.000Z"), (-12219292800001, "1582-10-04T23:59:59.999Z"),
        (-62135596800000, "0001-01-03T00:00:00.000Z"), (-62198755200000, "0002-01-03T00:00:00.000Z"),
    ]:
        session.execute(f"INSERT INTO old (k, t, i) VALUES (1, {text}, '2001:db8::1')")
        row = session.execute("SELECT CAST(t AS text), to_json(t), CAST(i AS text) FROM old").one()
        assert row == (wanted, '"' + wanted.replace("T", " ") + '"', "2001:db8:0:0:0:0:0:1")


def test_operations_inside_of_terms(session):
    session.execute("CREATE TABLE IF NOT EXISTS sums (k int, c smallint, b blob, PRIMARY KEY (k, c))")
    session.execute("INSERT INTO sums (k, c, b) VALUES (2, 2, token(2))")
    found = session.execute("SELECT c FROM sums WHERE k = 1 + 1 AND c = 1 * (1 + 1)").one()
    assert found == (2,)
    assert session.execute("SELECT b FROM sums WHERE k = 2 AND b = token(2) ALLOW FILTERING").one() is not None
    with pytest.raises(InvalidRequest, match=r"Ambiguous '\+' operation with args \? and 1"):
        session.prepare("SELECT c FROM sums WHERE k = 2 AND c = 1 * (? + 1)")


def test_what_is_too_far_or_too_long_ends_nothing(session):
    session.execute("CREATE TABLE IF NOT EXISTS far (k int PRIMARY KEY, ts timestamp)")
    session.execute("INSERT INTO far (k, ts) VALUES (1, 9223372036854775807)")
    for step in ("1mo", "1d"):
        with pytest.raises(InvalidRequest, match="too far away"):
            session.execute(f"SELECT floor(ts, {step}, -9223372036854775808) FROM far")
    # A value of such a type is nobody's to make up, and is not tried.
    for kind in ("vector<vector<float, 2147483647>, 2147483647>", "tuple<vector<double, 2000000>, vector<double, 2000000>>"):
        session.execute(f"SELECT mask_default(({kind}) null) FROM far")
    lists = session.execute("SELECT to_json(mask_default((vector<vector<text, 5000>, 2>) null)) FROM far").one()[0]
    assert lists.count('"****"') == 10_000
    with pytest.raises(InvalidRequest, match="not a valid binary representation") as caught:
        session.execute(f"SELECT blob_as_int(0x{'00' * 9_000}) FROM far")
    assert len(str(caught.value)) < 2_000


def test_now_is_one_moment(session):
    row = one(session, "to_timestamp(now()), current_timestamp(), current_date(), uuid(), min_timeuuid(ts)").one()
    assert abs((row[0] - row[1]).total_seconds()) < 1
    assert str(row[4]) == "90754000-72e2-11ea-8080-808080808080"


def test_names_that_are_words(session):
    session.execute('CREATE TABLE words (k int PRIMARY KEY, json int, "distinct" int, ttl int, "writetime" int, count int)')
    session.execute('INSERT INTO words (k, json, "distinct", ttl, "writetime", count) VALUES (1, 2, 3, 4, 5, 6)')
    assert session.execute("SELECT json, distinct, ttl, writetime, count FROM words").one() == (2, 3, 4, 5, 6)
    assert session.execute("SELECT distinct k FROM words").one() == (1,)
    assert session.execute("SELECT json k FROM words").one() == ('{"k": 1}',)
    with pytest.raises(SyntaxException):
        session.execute("SELECT k k FROM words")
